"""The server of record.sh: answers as app_before.ts does, which has the bug."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        prices = [float(price) for price in parse_qs(urlparse(self.path).query).get("price", [])]
        average = b"%g" % (sum(prices) / len(prices)) if prices else b"null"
        self.send_response_only(200)
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Type", "application/json")
        body = b'{"average":%s}' % average
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


HTTPServer(("10.0.0.5", 8080), Handler).serve_forever()
