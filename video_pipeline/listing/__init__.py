"""What the seller states: the item, its condition, certificates, price, story and footage."""
