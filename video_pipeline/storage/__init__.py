"""Storage: footage, pieces and finished folders that stand in object stores, by way of fsspec."""
