using System.Collections.Concurrent;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Proxy;

/// <summary>Protocols other than HTTP to which a request switches (RFC 9110, 7.8).</summary>
public sealed class UpgradeTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Theory]
    [InlineData("GET", "tailscale-control-protocol")]
    [InlineData("POST", "tailscale-control-protocol")]
    [InlineData("POST", "tcp")]
    [InlineData("POST", "SPDY/3.1")]
    [InlineData("GET", "SPDY/3.1")]
    [InlineData("POST", "websocket")]
    [InlineData("GET", "DERP")]
    [InlineData("PUT", "x!#$%&'*+-.^_`|~/1.0")]
    [InlineData("OPTIONS", "a")]
    [InlineData("DELETE", "h2cx")]
    public async Task Any_protocol_and_method_passes_and_bytes_flow_in_both_directions(string method, string protocol)
    {
        var requests = new ConcurrentQueue<WireMessage>();
        await using var backend = WireBackend.Start(async connection =>
        {
            requests.Enqueue((await connection.ReadRequestAsync())!);
            await connection.SendAsync($"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\nfrom backend");
            await EchoAsync(connection, "from client");
            await EchoAsync(connection, "\u0088\u0000\u00ff\r\n\r\nGET / HTTP/1.1\r\n\r\n");
            await connection.SendAsync("last");
        });
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"{method} /x?y HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n{LengthOf(method)}X-Kept: 1\r\n\r\n");

        var head = (await client.ReadHeadAsync())!;
        Assert.Equal((101, "Upgrade", protocol), (head.Status, head.One("Connection"), head.One("Upgrade")));
        Assert.Equal("application/vnd.docker.raw-stream", head.One("Content-Type"));
        Assert.Null(head.One("Content-Length"));
        Assert.Null(head.One("Transfer-Encoding"));
        Assert.Equal("from backend", await client.ReadTextAsync(12));
        foreach (var text in new[] { "from client", "\u0088\u0000\u00ff\r\n\r\nGET / HTTP/1.1\r\n\r\n" })
        {
            await client.SendAsync(text);
            Assert.Equal(text, await client.ReadTextAsync(text.Length));
        }

        Assert.Equal("last", await client.ReadToEndAsync());
        var request = Assert.Single(requests);
        Assert.Equal($"{method} /x?y HTTP/1.1", request.Start);
        Assert.Equal(("Upgrade", protocol, "1", host), (request.One("Connection"), request.One("Upgrade"), request.One("X-Kept"), request.One("Host")));
        Assert.Null(request.One("Transfer-Encoding"));
    }

    [Theory]
    [InlineData("GET", "websocket", "", "")]
    [InlineData("GET", "tcp", "", "")]
    [InlineData("POST", "tcp", "Content-Length: 0\r\n", "")]
    [InlineData("POST", "tcp", "Content-Length: 4\r\n", "body")]
    [InlineData("POST", "tcp", "Transfer-Encoding: chunked\r\n", "4\r\nbody\r\n0\r\n\r\n")]
    [InlineData("GET", "websocket", "Content-Length: 4\r\n", "body")]
    public async Task Bytes_that_the_client_sends_before_the_response_belong_to_the_tunnel(string method, string protocol, string fields, string body)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            var request = (await connection.ReadRequestAsync())!;
            Assert.Equal(body.Length > 0 ? "body" : "", request.Body);
            await connection.SendAsync(Switching(request.One("Upgrade")!));
            await EchoAsync(connection, "early");
            await EchoAsync(connection, "late");
        });
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n{fields}\r\n{body}early");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        Assert.Equal("early", await client.ReadTextAsync(5));
        await client.SendAsync("late");
        Assert.Equal("late", await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_with_a_body_is_upgraded_over_TLS_and_large_data_passes(bool hasBody)
    {
        var large = new string('x', 1_000_000);
        await using var backend = WireBackend.Start(async connection =>
        {
            var request = (await connection.ReadRequestAsync())!;
            await connection.SendAsync(Switching(request.One("Upgrade")!));
            await EchoAsync(connection, large);
        });
        var host = await proxy.ServeAsync(backend);
        await using var client = await WireConnection.ConnectAsync(
            proxy.Controller.HttpsPort, new() { TargetHost = host, RemoteCertificateValidationCallback = (_, _, _, _) => true });
        await client.SendAsync($"POST /exec/1/start HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {(hasBody ? 13 : 0)}\r\n\r\n{(hasBody ? "{\"Tty\": true}" : "")}");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        var sending = client.SendAsync(large);
        Assert.Equal(large, await client.ReadToEndAsync());
        await sending;
    }

    [Fact]
    public async Task The_body_is_asked_for_before_the_switch_if_the_client_expects_that()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            var head = await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await connection.ReadBodyAsync(head!, untilClose: false);
            await connection.SendAsync(Switching("tcp"));
            await connection.SendAsync(await connection.ReadTextAsync(3));
        });
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        Assert.Equal(100, (await client.ReadHeadAsync())!.Status);
        await client.SendAsync("body");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        await client.SendAsync("bye");
        Assert.Equal("bye", await client.ReadToEndAsync());
    }

    /// <summary>HTTP requests inside a tunnel would reach the backend past all policies.</summary>
    [Theory]
    [InlineData("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: H2C\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c/1\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c-14\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: \"h2c\"\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c;x\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c tcp\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: h2c\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: \r\n", null)]
    [InlineData("Connection: Upgrade\r\n", null)]
    [InlineData("Upgrade: tcp\r\n", null)]
    [InlineData("Connection: keep-alive\r\nUpgrade: websocket\r\n", null)]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n", "websocket")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket,H2C\r\n", "websocket")]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: tcp\r\n", "tcp")]
    [InlineData("Connection: Upgrade\r\nUpgrade: HTTP/2.0, SHTTP/1.3, IRC/6.9, RTA/x11\r\n", "SHTTP/1.3, IRC/6.9, RTA/x11")]
    [InlineData("Connection: keep-alive, Upgrade, X-Hop\r\nX-Hop: 1\r\nUpgrade: tcp\r\n", "tcp")]
    public async Task A_protocol_that_carries_HTTP_is_never_offered(string fields, string? offered)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend);
        foreach (var (method, body) in new[] { ("GET", ""), ("POST", "Content-Length: 4\r\n\r\nbody") })
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{fields}{(body.Length > 0 ? body : "\r\n")}");
            var response = await client.ReadResponseAsync();
            Assert.Equal((200, "ok"), (response.Status, response.Body));
        }

        Assert.Equal(2, backend.Requests.Count);
        Assert.All(backend.Requests, request =>
        {
            Assert.Equal(offered, request.One("Upgrade"));
            Assert.Equal(offered is null ? null : "Upgrade", request.One("Connection"));
            Assert.Null(request.One("HTTP2-Settings"));
            Assert.Null(request.One("X-Hop"));
        });
    }

    [Theory]
    [InlineData("HTTP/1.0", "GET")]
    [InlineData("HTTP/1.1", "HEAD")]
    public async Task A_request_that_cannot_be_upgraded_is_forwarded_without_an_offer(string version, string method)
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        foreach (var protocol in new[] { "websocket", "tcp" })
            Assert.Equal(200, (await proxy.ExchangeAsync($"{method} / {version}\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n")).Status);
        Assert.All(backend.Requests, request => Assert.Equal((method, null, null), (request.Method, request.One("Upgrade"), request.One("Connection"))));
        Assert.Equal(2, backend.Requests.Count);
    }

    [Theory]
    [InlineData("200 OK", "Connection: keep-alive\r\n", null)]
    [InlineData("403 Forbidden", "", null)]
    [InlineData("426 Upgrade Required", "Connection: Upgrade\r\nUpgrade: tcp/2\r\n", "tcp/2")]
    public async Task A_backend_that_refuses_answers_the_request_and_the_connection_stays_usable(string status, string fields, string? upgrade)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 {status}\r\n{fields}Content-Length: 2\r\n\r\nno");
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        foreach (var body in new[] { "", "body", "" })
        {
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: tcp\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            var response = await client.ReadResponseAsync();
            Assert.Equal((status, "no", upgrade), (response.Start["HTTP/1.1 ".Length..], response.Body, response.One("Upgrade")));
        }

        Assert.Equal(["", "body", ""], backend.Requests.Select(request => request.Body));
    }

    /// <summary>The client would read the bytes of the tunnel as HTTP, or not at all.</summary>
    [Theory]
    [InlineData("GET", "", "tcp")]
    [InlineData("GET", "Connection: Upgrade\r\n", "tcp")]
    [InlineData("GET", "Upgrade: tcp\r\n", "tcp")]
    [InlineData("GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "h2c")]
    [InlineData("GET", "Connection: Upgrade\r\nUpgrade: tcp, h2c\r\n", "h2c")]
    [InlineData("GET", "Connection: Upgrade\r\nUpgrade: websocket\r\n", "h2c")]
    [InlineData("GET", "Connection: Upgrade\r\nUpgrade: tcp\r\n", "tcp, h2c")]
    [InlineData("POST", "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n", "websocket")]
    public async Task A_backend_that_switches_to_a_protocol_that_was_not_offered_is_502(string method, string fields, string protocol)
    {
        var requests = 0;
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            Interlocked.Increment(ref requests);
            await connection.SendAsync(Switching(protocol) + "bytes");
            await connection.ReadToEndAsync();
        });
        var host = await proxy.ServeAsync(backend);
        var response = await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        Assert.Equal((502, null), (response.Status, response.One("Upgrade")));
        Assert.Equal(1, requests);
    }

    [Fact]
    public async Task A_switch_without_an_Upgrade_header_or_with_a_length_passes()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\nbytes");
        });
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
        var head = (await client.ReadHeadAsync())!;
        Assert.Equal((101, "Upgrade", null), (head.Status, head.One("Connection"), head.One("Content-Length")));
        Assert.Equal("bytes", await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("body")]
    public async Task A_tunnel_that_breaks_is_not_opened_again_and_nothing_after_it_is_a_request(string body)
    {
        var accepted = new ConcurrentQueue<WireMessage>();
        await using var backend = WireBackend.Start(async connection =>
        {
            accepted.Enqueue((await connection.ReadRequestAsync())!);
            await connection.SendAsync(Switching("tcp"));
            await EchoAsync(connection, "1");
            connection.Reset();
        });
        var host = await proxy.ServeAsync([backend.Port]);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        await client.SendAsync("1");
        Assert.Equal("1", await client.ReadTextAsync(1));
        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Single(accepted);
    }

    /// <summary>The end of a tunnel after bytes without a reply is not a lost connection.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")]
    public async Task A_backend_can_end_a_tunnel_at_any_time(string interim)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(interim + Switching("tcp"));
            await connection.ReadTextAsync(4);
        });
        var host = await proxy.ServeAsync(backend);
        var failures = proxy.Controller.Log.CountOf(" failed (Upgrade");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        await client.SendAsync("exit");
        // A reset would throw here.
        Assert.Equal(0, await client.Stream.ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(15)));
        Assert.Equal(failures, proxy.Controller.Log.CountOf(" failed (Upgrade"));
    }

    [Fact]
    public async Task An_endpoint_that_refuses_connections_is_replaced_before_the_switch()
    {
        using var refusing = WireBackend.Refusing(out var port);
        await using var backend = WireBackend.Start(async connection =>
        {
            var request = (await connection.ReadRequestAsync())!;
            await connection.SendAsync(Switching("tcp") + request.Body);
        });
        var host = await proxy.ServeAsync([port, backend.Port]);
        for (var i = 0; i < 4; i++)
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 4\r\n\r\nbody");
            Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
            Assert.Equal("body", await client.ReadToEndAsync());
        }
    }

    [Theory]
    [InlineData("tcp", "Content-Length: 0\r\n\r\n")]
    [InlineData("websocket", "Content-Length: 0\r\n\r\n")]
    [InlineData("tcp", "Content-Length: 4\r\n\r\nbody")]
    [InlineData("tcp", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n")]
    public async Task All_bytes_before_the_close_of_the_client_reach_the_backend(string protocol, string rest)
    {
        foreach (var length in new[] { 1, 5_000, 100_000, 900_000, 5_000_000 })
        {
            var received = new TaskCompletionSource<string>();
            await using var backend = WireBackend.Start(async connection =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync(Switching(protocol));
                received.SetResult(await connection.ReadToEndAsync());
            });
            var host = await proxy.ServeAsync(backend);
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n{rest}");
            Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
            var sent = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i * 7 / 64 % 26))));
            await client.SendAsync(sent);
            client.ShutdownSend();
            Assert.Equal(sent, await received.Task.WaitAsync(TimeSpan.FromSeconds(15)));
            Assert.Equal("", await client.ReadToEndAsync());
        }
    }

    [Fact]
    public async Task A_client_that_closes_ends_the_tunnel_at_the_backend()
    {
        var received = new TaskCompletionSource<string>();
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Switching("tcp"));
            received.SetResult(await connection.ReadToEndAsync());
        });
        var host = await proxy.ServeAsync(backend);
        foreach (var body in new[] { "", "body" })
        {
            received = new TaskCompletionSource<string>();
            await using (var client = await proxy.ConnectAsync())
            {
                await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {body.Length}\r\n\r\n{body}");
                Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
            }

            Assert.Equal("", await received.Task.WaitAsync(TimeSpan.FromSeconds(15)));
        }
    }

    [Fact]
    public async Task An_HTTP2_backend_gets_the_request_without_an_offer()
    {
        await using var backend = await KestrelBackend.StartAsync(
            async context => await context.Response.WriteAsync($"{context.Request.Method} {context.Request.Headers.Upgrade}"), HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        foreach (var protocol in new[] { "tcp", "SPDY/3.1" })
        {
            var response = await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal((200, "POST "), (response.Status, response.Body));
        }
    }

    private static string Switching(string protocol) => $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n";

    private static string LengthOf(string method) => method is "POST" or "PUT" ? "Content-Length: 0\r\n" : "";

    private static async Task EchoAsync(WireConnection connection, string text)
    {
        Assert.Equal(text, await connection.ReadTextAsync(text.Length));
        await connection.SendAsync(text);
    }
}
