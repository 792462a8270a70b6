from bot.shop.app import main

main()
