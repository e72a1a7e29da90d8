"""What a run is made from: files read once, defects planted, everything resolved."""
