"""The knowledge a seller or a platform may change, and what buyers expect, as text files."""
