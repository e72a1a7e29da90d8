"""What files may say: models of architecture, workload and environment, and what follows from them."""
