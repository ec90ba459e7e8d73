using IngressController.Tests.Fakes;
using static IngressController.Tests.Features.SessionAffinity.SessionFixture;

namespace IngressController.Tests.Features.SessionAffinity;

/// <summary>affinity: which endpoint gets a request, and when a cookie is set.</summary>
public sealed class SessionAffinityTests(SessionFixture proxy) : IClassFixture<SessionFixture>
{
    [Theory]
    [InlineData("balanced", 14)]
    [InlineData("persistent", 22)]
    public async Task A_client_gets_one_cookie_and_stays_on_its_endpoint(string mode, int length)
    {
        var backends = Backends(4);
        var host = await proxy.ServeAsync(backends, $"affinity-mode: {mode}");
        for (var client = 0; client < 8; client++)
        {
            var first = await proxy.GetAsync(host);
            var cookie = CookieOf(first);
            Assert.StartsWith("INGRESSCOOKIE=", cookie, StringComparison.Ordinal);
            Assert.Equal(length, cookie.Length - "INGRESSCOOKIE=".Length);
            for (var i = 0; i < 5; i++)
            {
                var again = await proxy.VisitAsync(host, $"other=1; {cookie}; more=2");
                Assert.Equal(PortOf(first), PortOf(again));
                Assert.Empty(again.All("Set-Cookie"));
            }
        }

        // New clients are balanced as requests without affinity are, and the backend sees the cookie.
        Assert.All(backends, backend => Assert.Equal(12, backend.Requests.Count));
        Assert.All(backends, backend => Assert.Equal(10, backend.Requests.Count(request => request.One("Cookie")?.Contains("INGRESSCOOKIE=", StringComparison.Ordinal) == true)));
    }

    [Theory]
    [InlineData("balanced")]
    [InlineData("persistent")]
    public async Task An_invalid_or_unknown_value_is_no_cookie(string mode)
    {
        var backends = Backends(3);
        var host = await proxy.ServeAsync(backends, $"affinity-mode: {mode}");
        var valid = CookieOf(await proxy.GetAsync(host)).Split('=')[1];
        var other = await proxy.ServeAsync(backends, $"affinity-mode: {mode}");
        var ofOther = CookieOf(await proxy.GetAsync(other)).Split('=')[1];
        string Changed(int index) => valid[..index] + (valid[index] == 'A' ? 'B' : 'A') + valid[(index + 1)..];
        string[] values =
        [
            "", "x", "\"", $"\"{valid}\"", $"127.0.0.1:{backends[0].Port}", valid[..^1], valid + "A", new string('A', valid.Length), new string('_', valid.Length),
            Changed(0), Changed(3), Changed(valid.Length - 1), valid.Any(char.IsAsciiLetterUpper) ? valid.ToLowerInvariant() : valid.ToUpperInvariant(),
            "%41" + valid[3..], ofOther, new string('A', 5000),
        ];
        foreach (var value in values)
        {
            var response = await proxy.VisitAsync(host, $"INGRESSCOOKIE={value}");
            Assert.Equal(200, response.Status);
            Assert.True(response.All("Set-Cookie").Length == 1, $"{value} was accepted");
            Assert.Equal(PortOf(response), PortOf(await proxy.VisitAsync(host, CookieOf(response))));
        }

        // The name of a cookie is case-sensitive.
        Assert.NotNull((await proxy.VisitAsync(host, $"ingresscookie={valid}")).One("Set-Cookie"));
        Assert.Null((await proxy.VisitAsync(host, $"INGRESSCOOKIE={valid}")).One("Set-Cookie"));
    }

    [Fact]
    public async Task Of_several_cookies_of_the_name_the_first_valid_one_applies()
    {
        var backends = Backends(3);
        var host = await proxy.ServeAsync(backends);
        var (first, second) = (await proxy.GetAsync(host), await proxy.GetAsync(host));
        Assert.NotEqual(first.Body, second.Body);
        var response = await proxy.VisitAsync(host, $"INGRESSCOOKIE=stale; {CookieOf(second)}; {CookieOf(first)}");
        Assert.Equal(second.Body, response.Body);
        Assert.Null(response.One("Set-Cookie"));
        response = await proxy.ExchangeAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nCookie: a=b\r\nCookie: {CookieOf(first)}\r\n\r\n");
        Assert.Equal(first.Body, response.Body);
        Assert.Null(response.One("Set-Cookie"));
    }

    [Theory]
    [InlineData("balanced")]
    [InlineData("persistent")]
    public async Task An_endpoint_that_is_gone_is_replaced_and_all_other_sessions_stay(string mode)
    {
        var backends = Backends(4);
        var name = proxy.NewName();
        await using var controller = await TestController.StartAsync(Manifests(backends));
        var sessions = new List<WireMessage>();
        for (var i = 0; i < 40; i++)
            sessions.Add(await GetAsync());
        Assert.All(backends, backend => Assert.Equal(10, sessions.Count(session => PortOf(session) == backend.Port)));

        await controller.ApplyAsync(Manifests(backends[1..]));
        foreach (var session in sessions)
        {
            var response = await GetAsync(CookieOf(session));
            // In balanced mode the value names another endpoint now; in persistent mode it names none.
            if (PortOf(session) != backends[0].Port)
                Assert.Equal(session.Body, response.Body);
            Assert.Equal(mode == "persistent" && PortOf(session) == backends[0].Port, response.All("Set-Cookie").Length == 1);
            var cookie = response.One("Set-Cookie") is null ? CookieOf(session) : CookieOf(response);
            Assert.Equal(response.Body, (await GetAsync(cookie)).Body);
        }

        string Manifests(IEnumerable<WireBackend> endpoints) => Fakes.Manifests.Service(name, endpoints.Select(backend => backend.Port))
            + Fakes.Manifests.Ingress(name, "gone.example", name, annotations: $"affinity: cookie, affinity-mode: {mode}");
        Task<WireMessage> GetAsync(string? cookie = null) => WireConnection.ExchangeAsync(
            controller.HttpPort, $"GET / HTTP/1.1\r\nHost: gone.example\r\n{(cookie is null ? "" : $"Cookie: {cookie}\r\n")}\r\n");
    }

    [Fact]
    public async Task Other_Ingresses_of_the_Service_set_no_cookie_and_take_turns()
    {
        var backends = Backends(3);
        var host = await proxy.ServeAsync(backends, path: "/a");
        var name = host.Split('.')[0];
        await proxy.AddAsync(Manifests.Ingress($"{name}-b", host, name, "/b"));
        var cookie = CookieOf(await proxy.GetAsync(host, "/a"));
        var ports = new List<int>();
        for (var i = 0; i < 6; i++)
        {
            var response = await proxy.VisitAsync(host, cookie, "/b");
            Assert.Empty(response.All("Set-Cookie"));
            ports.Add(PortOf(response));
        }

        Assert.All(backends, backend => Assert.Equal(2, ports.Count(port => port == backend.Port)));
    }

    [Fact]
    public async Task Cookies_of_the_backend_stay_and_redirects_and_errors_of_it_carry_the_cookie_too()
    {
        await using var backend = WireBackend.Answer(request => request.Target switch
        {
            "/moved" => "HTTP/1.1 302 Found\r\nLocation: /new\r\nSet-Cookie: mine=1; Path=/\r\nContent-Length: 0\r\n\r\n",
            "/failed" => "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
            "/same" => "HTTP/1.1 304 Not Modified\r\n\r\n",
            _ => WireBackend.Ok("ok"),
        });
        var host = await proxy.ServeAsync([backend], "proxy-cookie-path: \"/ /front\"");
        var moved = await proxy.GetAsync(host, "/moved");
        Assert.Equal(302, moved.Status);
        Assert.Equal(["mine=1; Path=/front", "INGRESSCOOKIE=*; Path=/; HttpOnly"], moved.All("Set-Cookie").Select(Shape));
        Assert.NotNull((await proxy.GetAsync(host, "/failed")).One("Set-Cookie"));
        Assert.NotNull((await proxy.GetAsync(host, "/same")).One("Set-Cookie"));
    }

    [Fact]
    public async Task Local_replies_set_no_cookie()
    {
        using var refusing = WireBackend.Refusing(out var port);
        var name = proxy.NewName();
        await proxy.AddAsync(Manifests.Service(name, [port]) + Manifests.Service($"{name}-none", [])
            + Manifests.Ingress(name, $"{name}.example", name, "/refused", annotations: "affinity: cookie")
            + Manifests.Ingress($"{name}-none", $"{name}.example", $"{name}-none", "/none", annotations: "affinity: cookie")
            + Manifests.Ingress($"{name}-denied", $"{name}.example", name, "/denied", annotations: "affinity: cookie, denylist-source-range: 127.0.0.0/8"));
        foreach (var (path, status) in new[] { ("/refused", 502), ("/none", 503), ("/denied", 403) })
        {
            var response = await proxy.GetAsync($"{name}.example", path);
            Assert.Equal(status, response.Status);
            Assert.Empty(response.All("Set-Cookie"));
        }
    }
}
