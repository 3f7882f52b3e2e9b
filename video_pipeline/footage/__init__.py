"""What the camera saw: probing, decoding, rotation, colour and true time."""
