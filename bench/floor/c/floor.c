/*
 * The floor: what the kernel takes for a message to many sockets when nothing
 * else is done. One thread; it shakes hands as RFC 6455 wants (so that the same
 * client can be used), keeps the descriptors in an array, and at a line on the
 * control connection calls write() once for each.
 *
 * It speaks on standard output: the ports of sockets and of control.
 * Control takes a length in decimal and a newline, then so many bytes, and
 * answers with a newline once they are written to every socket there is.
 * It serves clients that mean well, and ends with its control connection.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int sockets[1 << 20], count;

static uint32_t rol(uint32_t x, int n) { return x << n | x >> (32 - n); }

/* FIPS 180-4, for messages of less than 120 bytes. */
static void sha1(const char *text, size_t n, unsigned char digest[20])
{
	uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
	unsigned char m[128] = {0};
	size_t blocks = n < 56 ? 1 : 2;
	memcpy(m, text, n);
	m[n] = 0x80;
	m[blocks * 64 - 2] = n * 8 >> 8;
	m[blocks * 64 - 1] = n * 8;
	for (size_t b = 0; b < blocks; b++) {
		uint32_t w[80], a = h[0], c1 = h[1], c = h[2], d = h[3], e = h[4];
		for (int i = 0; i < 16; i++)
			w[i] = (uint32_t)m[b * 64 + i * 4] << 24 | m[b * 64 + i * 4 + 1] << 16 | m[b * 64 + i * 4 + 2] << 8 | m[b * 64 + i * 4 + 3];
		for (int i = 16; i < 80; i++)
			w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
		for (int i = 0; i < 80; i++) {
			uint32_t f, k;
			if (i < 20) f = (c1 & c) | (~c1 & d), k = 0x5A827999;
			else if (i < 40) f = c1 ^ c ^ d, k = 0x6ED9EBA1;
			else if (i < 60) f = (c1 & c) | (c1 & d) | (c & d), k = 0x8F1BBCDC;
			else f = c1 ^ c ^ d, k = 0xCA62C1D6;
			uint32_t t = rol(a, 5) + f + e + k + w[i];
			e = d, d = c, c = rol(c1, 30), c1 = a, a = t;
		}
		h[0] += a, h[1] += c1, h[2] += c, h[3] += d, h[4] += e;
	}
	for (int i = 0; i < 20; i++)
		digest[i] = h[i / 4] >> (24 - i % 4 * 8);
}

/* base64 of 20 bytes, 28 characters. */
static void base64(const unsigned char *in, char *out)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (int i = 0; i < 21; i += 3, out += 4) {
		uint32_t v = in[i] << 16 | in[i + 1] << 8 | (i + 2 < 20 ? in[i + 2] : 0);
		out[0] = set[v >> 18], out[1] = set[v >> 12 & 63], out[2] = set[v >> 6 & 63], out[3] = set[v & 63];
	}
	out[-1] = '=';
}

static void fail(const char *what) { perror(what); exit(1); }

static int listen_on(int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (void *)&a, n) || listen(fd, 4096) || getsockname(fd, (void *)&a, &n))
		fail("listen");
	*port = ntohs(a.sin_port);
	return fd;
}

/* Takes one connection, answers its handshake and keeps it. */
static void welcome(int listener)
{
	char head[4096], answer[256], key[128];
	unsigned char digest[21] = {0};
	size_t n = 0;
	int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	for (head[0] = 0; !strstr(head, "\r\n\r\n"); head[n] = 0) {
		ssize_t got = read(fd, head + n, sizeof head - 1 - n);
		if (got <= 0) {
			close(fd);
			return;
		}
		n += got;
	}
	char *start = strcasestr(head, "sec-websocket-key: ");
	if (!start || sscanf(start + 19, "%60[^\r\n ]", key) != 1) {
		close(fd);
		return;
	}
	strcat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	sha1(key, strlen(key), digest);
	char accepted[29] = {0};
	base64(digest, accepted);
	int length = snprintf(answer, sizeof answer,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accepted);
	if (write(fd, answer, length) != length)
		fail("answer");
	sockets[count++] = fd;
}

/* Takes one message from control and writes it to everybody. A socket that is
 * gone is closed and forgotten. 0 when control has ended. */
static int broadcast(int control)
{
	static char text[1 << 16], frame[1 << 16];
	size_t n = 0, length;
	char *end = NULL;
	while (!end || n < (size_t)(end + 1 - text) + strtoul(text, NULL, 10)) {
		ssize_t got = read(control, text + n, sizeof text - 1 - n);
		if (got <= 0)
			return 0;
		n += got;
		text[n] = 0;
		end = strchr(text, '\n');
	}
	length = strtoul(text, NULL, 10);
	size_t head = length < 126 ? 2 : 4;
	frame[0] = 0x81;
	frame[1] = length < 126 ? length : 126;
	if (head == 4)
		frame[2] = length >> 8, frame[3] = length;
	memcpy(frame + head, end + 1, length);
	int kept = 0;
	for (int i = 0; i < count; i++) {
		if (write(sockets[i], frame, head + length) == (ssize_t)(head + length))
			sockets[kept++] = sockets[i];
		else
			close(sockets[i]);
	}
	count = kept;
	return write(control, "\n", 1) == 1;
}

int main(void)
{
	int port, control_port;
	int listener = listen_on(&port), control_listener = listen_on(&control_port);
	signal(SIGPIPE, SIG_IGN);
	printf("%d %d\n", port, control_port);
	fflush(stdout);
	int control = accept4(control_listener, NULL, NULL, SOCK_CLOEXEC);
	struct pollfd waits[2] = {{.fd = control, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
	for (;;) {
		if (poll(waits, 2, -1) < 0)
			fail("poll");
		if (waits[1].revents)
			welcome(listener);
		if (waits[0].revents && !broadcast(control))
			return 0;
	}
}
