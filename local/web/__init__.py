"""The page of `make web`: a talk in a browser, with the package of client/."""

from web.page_server import PAGE_HOST, PageServer, PageStack

__all__ = ["PAGE_HOST", "PageServer", "PageStack"]
