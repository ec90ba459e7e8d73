using IngressController.Tests.Fakes;

namespace IngressController.Tests.TrustedProxies;

/// <summary>Redirects to the same site name the host that the client asked a trusted proxy for.</summary>
public sealed class PublicHostTests(PublicHostTests.Fixture proxy) : IClassFixture<PublicHostTests.Fixture>
{
    private const string Front = "X-Forwarded-Host: front.example\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8000\r\n";

    private static readonly (string, string)[] Trusting = [("use-forwarded-headers", "true"), ("proxy-real-ip-cidr", "127.0.0.0/8")];

    [Theory]
    [InlineData("tls.example", "https://front.example/a?b")]
    [InlineData("forced.example", "https://front.example/a?b")]
    [InlineData("root.example", "http://front.example/app", "/")]
    [InlineData("moved.example", "https://front.example/new/a?b")]
    [InlineData("moved-port.example", "https://front.example:8000/a")]
    [InlineData("www.bare.example", "http://bare.example:8000/a?b")]
    public async Task A_redirect_names_the_host_of_a_trusted_proxy(string host, string location, string target = "/a?b")
    {
        await proxy.SetAsync(Trusting);
        Assert.Equal(location, (await proxy.GetAsync(host, target, Front)).One("Location"));
    }

    [Theory]
    [InlineData("X-Forwarded-Host: front.example:8443\r\n", "https://front.example/a?b")]
    [InlineData("X-Forwarded-Host: FRONT.example.\r\n", "https://front.example/a?b")]
    [InlineData("X-Forwarded-Host: forged.example, front.example\r\nX-Forwarded-For: 203.0.113.1\r\n", "https://front.example/a?b")]
    [InlineData("X-Forwarded-Host: fr ont/example\r\n", "https://tls.example/a?b")]
    [InlineData("X-Forwarded-Host: \r\n", "https://tls.example/a?b")]
    [InlineData("", "https://tls.example/a?b")]
    public async Task The_redirect_to_https_has_no_port_and_ignores_what_is_no_host(string fields, string location)
    {
        await proxy.SetAsync(Trusting);
        Assert.Equal(location, (await proxy.GetAsync("tls.example", "/a?b", fields)).One("Location"));
    }

    [Theory]
    [InlineData("tls.example", "https://tls.example/a?b")]
    [InlineData("root.example", "http://root.example/app", "/")]
    [InlineData("moved.example", "https://moved.example/new/a?b")]
    [InlineData("moved-port.example", "https://moved-port.example:80/a")]
    [InlineData("www.bare.example", "http://bare.example:80/a?b")]
    public async Task The_headers_of_other_peers_are_ignored(string host, string location, string target = "/a?b")
    {
        await proxy.SetAsync(("use-forwarded-headers", "true"), ("proxy-real-ip-cidr", "10.0.0.0/8"));
        Assert.Equal(location, (await proxy.GetAsync(host, target, Front)).One("Location"));
        await proxy.SetAsync(("enable-real-ip", "true"), ("proxy-real-ip-cidr", "127.0.0.0/8"));
        Assert.Equal(location, (await proxy.GetAsync(host, target, Front)).One("Location"));
    }

    public sealed class Fixture : SettingsFixture
    {
        protected override string MoreManifests =>
            Manifests.Ingress("tls", "tls.example", "app", tlsSecret: "nowhere", annotations: "")
            + Manifests.Ingress("forced", "forced.example", "app", annotations: "force-ssl-redirect: \"true\"")
            + Manifests.Ingress("root", "root.example", "app", annotations: "app-root: /app")
            + Manifests.Ingress("moved", "moved.example", "app", annotations: "permanent-redirect: \"https://$host/new$request_uri\"")
            + Manifests.Ingress("moved-port", "moved-port.example", "app", annotations: "temporal-redirect: \"https://$host:$server_port$uri\"")
            + Manifests.Ingress("bare", "bare.example", "app", annotations: "from-to-www-redirect: \"true\"");
    }
}
