"""What a suite would not notice: planted defects, their price, what hides them."""
