"""A catalogue: many listings in one file or folder, each as the listing that it states."""
