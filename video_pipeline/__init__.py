"""Raw seller footage in, honest vertical listing clips out."""
