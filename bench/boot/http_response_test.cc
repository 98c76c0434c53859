// SPDX-License-Identifier: Apache-2.0
#include "http_response.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

struct Case {
  const char* name;
  std::string bytes;
  bool closes;  // whether the peer closes after that
  int status;
  std::string body;
};

const std::vector<Case> good = {
    {"sized", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", false, 200, "hello"},
    {"empty", "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", false, 200, ""},
    {"until close", "HTTP/1.0 500 Internal Server Error\r\n\r\nsorry\r\n\r\n", true, 500,
     "sorry\r\n\r\n"},
    {"no headers, no body", "HTTP/1.1 404\r\n\r\n", true, 404, ""},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, ""},
    {"interim",
     "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     false, 200, "x"},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n"
     "4\r\nWiki\r\n6;ext=1\r\npedia\n\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
     false, 200, "Wikipedia\n0123456789"},
};

// Whatever the pieces in which the bytes come.
TEST(HttpResponseTest, WholeAnswersInAnyCutting) {
  for (const Case& c : good) {
    for (size_t size = 1; size <= c.bytes.size(); ++size) {
      HttpResponse response;
      for (size_t at = 0; at < c.bytes.size(); at += size) {
        EXPECT_FALSE(response.whole()) << c.name;
        ASSERT_TRUE(response.feed(c.bytes.substr(at, size)).ok()) << c.name;
      }
      if (c.closes) {
        EXPECT_FALSE(response.whole()) << c.name;
        EXPECT_TRUE(response.finish().ok()) << c.name;
      }
      EXPECT_TRUE(response.whole()) << c.name;
      EXPECT_EQ(response.status(), c.status) << c.name;
      EXPECT_EQ(response.body(), c.body) << c.name;
    }
  }
}

TEST(HttpResponseTest, RefusesWhatIsNotHttp) {
  for (const char* bytes :
       {"SSH-2.0-OpenSSH", "HTTP/2", "\x15\x03\x01", "HTTP/1.1\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"}) {
    EXPECT_FALSE(HttpResponse().feed(bytes).ok()) << bytes;
  }
}

TEST(HttpResponseTest, AnEarlyCloseIsAnError) {
  EXPECT_EQ(HttpResponse().finish().message(), "closed without an answer");
  for (const char* bytes : {"HTTP", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWi"}) {
    HttpResponse response;
    ASSERT_TRUE(response.feed(bytes).ok());
    EXPECT_EQ(response.finish().message(), "closed in the middle of the answer") << bytes;
  }
}

TEST(HttpResponseTest, IsBounded) {
  HttpResponse head;
  absl::Status status = head.feed("HTTP/1.1 200 OK\r\n");
  const std::string header = "X: " + std::string(1000, 'y') + "\r\n";
  for (int i = 0; i < 100 && status.ok(); ++i)
    status = head.feed(header);
  EXPECT_FALSE(status.ok());

  HttpResponse body;
  status = body.feed("HTTP/1.1 200 OK\r\n\r\n");
  const std::string piece(64 * 1024UL, 'z');
  for (int i = 0; i < 100 && status.ok(); ++i)
    status = body.feed(piece);
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace microbeam
