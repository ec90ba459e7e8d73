using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using IngressController.Tests.Fakes;
using IngressController.Views;

namespace IngressController.Tests.Tls;

/// <summary>A host with TLS and its other names: redirects, certificates, HSTS and explain treat them alike.</summary>
public sealed class HostAliasTests : IAsyncLifetime
{
    private const string SelfSigned = "CN=YARP Ingress Controller Default Certificate";
    private readonly Pki _pki = new();
    private WireBackend _backend = null!;
    private TestController _controller = null!;

    public async Task InitializeAsync()
    {
        _backend = WireBackend.Answer(_ => WireBackend.Ok("ok"));
        const string aliases = "server-alias: \"alias.example, *.many.example, ~^re[0-9]+[.]example$, ~^star[.]any[.]example$\", from-to-www-redirect: \"true\"";
        _controller = await TestController.StartAsync(
            Manifests.Service("web", [_backend.Port])
            + _pki.Secret("shop", "shop.example", "www.shop.example", "alias.example", "*.many.example", "re7.example", "*.any.example")
            + Manifests.Ingress("shop", "shop.example", "web", tlsSecret: "shop", annotations: aliases)
            + _pki.Secret("below", "one.below.example") + Manifests.Ingress("wild", "*.below.example", "web", tlsSecret: "below", annotations: "")
            + Manifests.Ingress("under", "one.below.example", "web", annotations: "server-alias: \"other.example\"")
            + Manifests.Ingress("clear", "clear.example", "web", annotations: "server-alias: \"clear-alias.example\"")
            + Manifests.Ingress("rest", "", "web").Replace("host: \"\"", "host:", StringComparison.Ordinal));
    }

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Theory]
    [InlineData("shop.example", 308, "https://shop.example/a?b")]
    [InlineData("alias.example", 308, "https://alias.example/a?b")]
    [InlineData("ALIAS.example:8080", 308, "https://alias.example/a?b")]
    [InlineData("alias.example.", 308, "https://alias.example/a?b")]
    [InlineData("x.many.example", 308, "https://x.many.example/a?b")]
    [InlineData("x.y.many.example", 308, "https://x.y.many.example/a?b")]
    [InlineData("re7.example", 308, "https://re7.example/a?b")]
    [InlineData("re8.example", 308, "https://re8.example/a?b")]
    [InlineData("other.example", 308, "https://other.example/a?b")]
    [InlineData("www.shop.example", 308, "http://shop.example:80/a?b")]
    [InlineData("clear.example", 200, null)]
    [InlineData("clear-alias.example", 200, null)]
    [InlineData("unknown.example", 200, null)]
    public async Task Http_is_redirected_to_https_for_every_name_of_a_host_with_TLS(string host, int status, string? location)
    {
        var response = await WireConnection.ExchangeAsync(_controller.HttpPort, $"GET /a?b HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal((status, location), (response.Status, response.One("Location")));
        Assert.Equal(status == 200 ? 1 : 0, _backend.Requests.Count);
        var explained = await ExplainAsync($"http://{host.TrimEnd('.')}/a?b", host);
        Assert.Equal((status == 200 ? null : status, location), (explained.Verdict.Status, explained.Verdict.Location));
    }

    [Theory]
    [InlineData("shop.example", "CN=shop.example", "shop.example")]
    [InlineData("www.shop.example", "CN=shop.example", "shop.example")]
    [InlineData("alias.example", "CN=shop.example", "shop.example")]
    [InlineData("Alias.Example", "CN=shop.example", "shop.example")]
    [InlineData("x.many.example", "CN=shop.example", "shop.example")]
    [InlineData("re7.example", "CN=shop.example", "shop.example")]
    [InlineData("star.any.example", "CN=shop.example", "shop.example")]
    // Not covered by the certificate, or no name of the host.
    [InlineData("x.y.many.example", SelfSigned, "(default)")]
    [InlineData("re8.example", SelfSigned, "(default)")]
    [InlineData("more.any.example", SelfSigned, "(default)")]
    [InlineData("clear-alias.example", SelfSigned, "(default)")]
    public async Task A_name_gets_the_certificate_of_its_host_if_that_is_valid_for_it(string name, string subject, string entry)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _controller.HttpsPort);
        await using var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name, RemoteCertificateValidationCallback = (_, _, _, _) => true });
        Assert.Equal(subject, stream.RemoteCertificate!.Subject);
        Assert.Equal(entry, (await ExplainAsync($"https://{name}/", name)).Certificate!.Host);
    }

    [Theory]
    [InlineData("alias.example", true)]
    [InlineData("re7.example", true)]
    [InlineData("re8.example", false)]
    public async Task A_name_with_the_certificate_of_its_host_sends_HSTS(string name, bool sends)
    {
        using var client = _controller.NewClient();
        using var response = await client.GetAsync($"https://{name}/");
        Assert.Equal(sends, response.Headers.Contains("Strict-Transport-Security"));
    }

    private async Task<Explanation> ExplainAsync(string url, string host)
    {
        using var admin = new HttpClient();
        var text = await admin.GetStringAsync($"http://127.0.0.1:{_controller.AdminPort}/api/explain?url={Uri.EscapeDataString(url)}&header=Host:{host}");
        return JsonSerializer.Deserialize<Explanation>(text, ViewJson.Options)!;
    }
}
