"""A stand-in for WeChat's servers and phones, for the demo and the tests; nothing of it runs in earnest."""
