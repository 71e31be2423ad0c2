"""The web server of http.pcap: answers that do not change from run to run."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, kind="text/plain"):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def do_GET(self):
        if self.path == "/hello":
            self.answer(b"Hello from the kernel\n")
        else:
            self.answer(b"".join(b"line %d of a page of several segments\n" % i for i in range(200)))

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])), "application/octet-stream")

    def log_message(self, *args):
        pass


HTTPServer(("10.0.0.2", 80), Handler).serve_forever()
