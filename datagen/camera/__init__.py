"""The virtual camera: a scene becomes a DNG."""
