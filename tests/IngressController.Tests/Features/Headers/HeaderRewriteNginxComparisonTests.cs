using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Headers;

/// <summary>Rewriting of cookies and redirects, compared with nginx's directives of the same names.</summary>
public sealed class HeaderRewriteNginxComparisonTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static readonly string[] Cookies =
    [
        "a=b", "a=b; Domain=backend.local", "a=b; domain=BACKEND.local; Path=/", "a=b; Domain=.backend.local", "a=b;Domain=backend.local;Path=/app/x;HttpOnly",
        "a=b; Domain=sub.backend.local", "a=b; Domain=backend.local.evil", "Domain=backend.local; Domain=backend.local", "a=b; Path=/app/", "a=b; Path=/app/x/y",
        "a=b; Path=/App/x", "a=b; path=/app", "a=b; PATH = /app/q ; Secure", "a=b; Path", "a=b; Path=", "a=b; Domain=", "a=b; ; Path=/app/z", "a=b; Path=/app/z;",
        "a=\"x; Path=/app/z\"; Domain=backend.local", "Path=/app/; a=/app/", "a=b=c; Path=/app/=z; Expires=Wed, 21 Oct 2099 07:28:00 GMT; Domain=backend.local",
        "a=b; Path=/x/app/y", "a=b; Domain=a.backend.test", "a=b; Domain=xbackend.local", "a; Path=/app/x", "a=b;  Path=/app/x;   SameSite = Lax",
    ];

    private static readonly string[] Locations =
    [
        "/", "/app/x", "http://backend.local:8080/app/x", "http://backend.local:8080/app", "HTTP://backend.local:8080/app/x", "http://backend.local/app/x",
        "https://backend.local:8080/app/x", "http://backend.local:8080/app//evil.example", "//backend.local:8080/app/", "http://other.example/?u=http://backend.local:8080/app/",
    ];

    [Fact]
    public async Task Cookie_domains_are_rewritten_as_by_nginx() => AssertNone(await CompareCookiesAsync("proxy-cookie-domain", "proxy_cookie_domain",
    [
        "backend.local example.com", ".backend.local .example.com", "BACKEND.local Example.COM", @"~\.?backend\.(local|test)$ example.$1", "~^BACKEND example",
    ]));

    [Fact]
    public async Task Cookie_paths_are_rewritten_as_by_nginx() => AssertNone(await CompareCookiesAsync("proxy-cookie-path", "proxy_cookie_path",
    [
        "/app/ /", "/app /new", "/ /prefix/", "~^/app/([a-z]+) /$1", "~*^/app/([a-z]+) /n/$1", "~/y$ /end", "~(/)(app)? $1x$2",
    ]));

    [Fact]
    public async Task Redirects()
    {
        (string From, string To)[] rules =
        [
            ("http://backend.local:8080/app/", "/"), ("http://backend.local:8080/app/", "https://app.example/"), ("/app/", "/new/"), ("http://backend.local", "https://x"),
            ("/", "/prefix/"),
        ];
        await using var backend = WireBackend.Answer(request =>
            $"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {request.One("X-Location")}\r\nRefresh: {request.One("X-Refresh")}\r\n\r\n");
        await using var nginx = await NginxProcess.StartAsync(string.Concat(rules.Select((rule, i) =>
            $"location /r{i}/ {{ proxy_pass http://127.0.0.1:{backend.Port}; proxy_redirect {rule.From} {rule.To}; }}\n")));

        var differences = new List<string>();
        for (var i = 0; i < rules.Length; i++)
        {
            var host = await proxy.ServeAsync(backend.Port, ("proxy-redirect-from", rules[i].From), ("proxy-redirect-to", rules[i].To));
            foreach (var location in Locations)
            {
                var request = $"GET /r{i}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Location: {location}\r\nX-Refresh: 5; URL={location}\r\n\r\n";
                var expected = await nginx.ExchangeAsync(request);
                var actual = await proxy.ExchangeAsync(request);
                Compare(differences, $"{rules[i]}", location, expected, actual, "Location");
                Compare(differences, $"{rules[i]}", location, expected, actual, "Refresh");
            }
        }

        AssertNone(differences);
    }

    private async Task<List<string>> CompareCookiesAsync(string annotation, string directive, string[] rules)
    {
        await using var backend = WireBackend.Answer(request => $"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: {request.One("X-Cookie")}\r\nSet-Cookie: second=1; Path=/app/2\r\n\r\n");
        await using var nginx = await NginxProcess.StartAsync(string.Concat(rules.Select((rule, i) =>
            $"location /r{i}/ {{ proxy_pass http://127.0.0.1:{backend.Port}; {directive} {rule}; }}\n")));

        var differences = new List<string>();
        for (var i = 0; i < rules.Length; i++)
        {
            var host = await proxy.ServeAsync(backend.Port, (annotation, rules[i]));
            foreach (var cookie in Cookies)
            {
                var request = $"GET /r{i}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Cookie: {cookie}\r\n\r\n";
                Compare(differences, rules[i], cookie, await nginx.ExchangeAsync(request), await proxy.ExchangeAsync(request), "Set-Cookie");
            }
        }

        return differences;
    }

    /// <summary>Lists all differences in the message, not only the first characters.</summary>
    private static void AssertNone(List<string> differences) => Assert.True(differences.Count == 0, string.Join('\n', differences));

    private static void Compare(List<string> differences, string rule, string input, WireMessage expected, WireMessage actual, string field)
    {
        if (!expected.All(field).SequenceEqual(actual.All(field)))
            differences.Add($"{rule} | {input} | nginx: {string.Join(" & ", expected.All(field))} | proxy: {string.Join(" & ", actual.All(field))}");
    }
}
