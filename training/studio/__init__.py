"""The studio: bags built stitch by stitch, and path-traced in Blender with exact truth.

Needs Blender as a package (`bpy` 4.5), numba, scipy, OpenEXR, imageio-ffmpeg and opencv, in an
environment of its own, since that Blender wants another numpy than the rest of the project.
"""
