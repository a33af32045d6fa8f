"""Uploads on real engines and stores, with faults between the steps."""
