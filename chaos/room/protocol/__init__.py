"""What room and clients say to each other: JSON frames over one websocket a client."""
