"""Years of a retailer in minutes: shoppers with habits, through the real use cases, under a virtual clock."""
