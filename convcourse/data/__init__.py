"""Data for all chapters and assignments, none of which has to be downloaded."""

from convcourse.data.photographs import photograph

__all__ = ["photograph"]
