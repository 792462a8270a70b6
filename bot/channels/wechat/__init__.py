"""The WeChat channel: official accounts, mini-programs and WeCom customer service."""
