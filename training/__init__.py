"""How the network that ships was taught; see README.md."""
