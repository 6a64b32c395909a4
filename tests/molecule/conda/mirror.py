"""Serves a folder; while <folder>/hang exists, whoever asks for a path that holds its text waits, and <folder>/waits appears."""

import http.server
import pathlib
import sys
import time

FOLDER = pathlib.Path(sys.argv[1])


class Handler(http.server.SimpleHTTPRequestHandler):
    """A slow link, where one is asked for."""

    def do_GET(self) -> None:
        """Answer, after the hang."""
        hang = FOLDER / "hang"
        while hang.exists() and hang.read_text().strip() in self.path:
            (FOLDER / "waits").touch()
            time.sleep(0.05)
        super().do_GET()

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments, directory=str(FOLDER))  # type: ignore[arg-type]


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
