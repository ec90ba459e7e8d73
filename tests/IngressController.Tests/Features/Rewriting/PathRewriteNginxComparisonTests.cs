using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Rewriting;

/// <summary>Patterns and rewrites, compared with nginx and the locations that ingress-nginx writes for the same Ingresses.</summary>
public sealed class PathRewriteNginxComparisonTests(FeatureFixture proxy) : IClassFixture<FeatureFixture>
{
    /// <summary>The paths of the rules with their targets, in the order of ingress-nginx: longest first.</summary>
    private static readonly (string Path, string Target)[] Rules =
    [
        ("/something(/|$)(.*)", "/$2"), ("/api/v([0-9]+)/(.*)", "/$2/v$1"), ("/foo/bar/[a-z]{3}", "/three"), ("/deep/(a|b)+/", "/d$1"), ("/foo/bar/bar", "/bar"),
        ("/plain.x", "/px"), ("/foo", "/f"),
    ];

    private static readonly string[] Targets =
    [
        "/something", "/something/", "/something/new", "/SOMETHING/New?a=b&c=%2F", "/something/a%20b", "/something/a%2Fb", "/something/%C3%A9", "/something/a%3Fb%23c%25",
        "/something/x/../y", "/something//a", "/somethingelse", "/api/v1/users", "/api/v22/", "/api/vx/users", "/foo/bar/bar", "/foo/bar/ba", "/foo/bar/bazooka", "/foobar",
        "/FOO", "/deep/abab/x", "/deep/c/", "/plainyx", "/plain", "/x/foo", "/%66oo/bar/qux", "/foo?/something/x",
    ];

    [Fact]
    public async Task Paths()
    {
        await using var nginx = await NginxProcess.StartAsync(string.Concat(Rules.Select(rule =>
            $"location ~* \"^{rule.Path}\" {{ rewrite \"(?i){rule.Path}\" {rule.Target} break; proxy_pass http://127.0.0.1:{proxy.Backend.Port}; }}\n"))
            + "location / { return 404; }\n");
        var host = proxy.NewHost();
        await proxy.AddAsync(string.Concat(Rules.Select((rule, i) =>
            Manifests.Ingress($"{host}-{i}", host, "web", rule.Path, "ImplementationSpecific", annotations: $"rewrite-target: \"{rule.Target}\""))));

        var differences = new List<string>();
        foreach (var target in Targets)
        {
            var request = $"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
            var expected = await ReceivedAsync(nginx.ExchangeAsync, request);
            var actual = await ReceivedAsync(proxy.ExchangeAsync, request);
            if (expected != actual)
                differences.Add($"{target}: nginx {expected}, here {actual}");
        }

        Assert.Empty(differences);
    }

    /// <summary>The target that the backend receives, or the status of the local reply.</summary>
    private async Task<string> ReceivedAsync(Func<string, Task<WireMessage>> exchange, string request)
    {
        proxy.Backend.Requests.Clear();
        var response = await exchange(request);
        return proxy.Backend.Requests.TryDequeue(out var received) ? received.Target : $"{response.Status}";
    }
}
