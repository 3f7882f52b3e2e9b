"""Speed: what whole commands cost, beside the floor under them and beside what else would do."""
