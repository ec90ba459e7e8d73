using System.Net.WebSockets;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Features.BackendTls;

/// <summary>Client certificates for backends, by the forwarder for HTTP/1.1.</summary>
public sealed class ClientCertificateTests(BackendTlsProxy proxy) : ClientCertificates(proxy), IClassFixture<BackendTlsProxy>;

/// <summary>The same by the HTTP client of .NET.</summary>
public sealed class ClientCertificateByHttpClientTests(BackendTlsProxyByHttpClient proxy) : ClientCertificates(proxy), IClassFixture<BackendTlsProxyByHttpClient>;

/// <summary>Client certificates for backends.</summary>
public abstract class ClientCertificates(BackendTlsProxy proxy)
{
    private static readonly Pki Servers = new();
    private static readonly Pki Clients = new();

    [Theory]
    [InlineData("HTTPS", "http", "HTTP/1.1")]
    [InlineData("HTTPS", "https", "HTTP/1.1")]
    [InlineData("GRPCS", "http", "HTTP/2")]
    [InlineData("GRPCS", "https", "HTTP/2")]
    [InlineData("AUTO_HTTP", "https", "HTTP/1.1")]
    public async Task A_backend_gets_the_certificate_of_the_Secret(string protocol, string scheme, string version)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], Clients);
        var name = proxy.NewName();
        foreach (var (annotation, value) in new[] { ("proxy-ssl-secret", $"default/{name}"), ("backend-tls-client-certificate", name) })
        {
            var host = await proxy.ServeAsync(backend, TlsManifests.Secret(name, Clients, "proxy-1"), (annotation, value), ("backend-protocol", protocol));
            var view = await proxy.ViewAsync(host, scheme);
            Assert.Equal(("proxy-1", version, ""), (view.Client, view.Protocol, view.ServerName));
        }
    }

    [Fact]
    public async Task Without_a_certificate_or_with_one_of_another_authority_a_backend_refuses()
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], Clients);
        var (name, stranger) = (proxy.NewName(), new Pki());
        Assert.Equal(502, await proxy.StatusAsync(await proxy.ServeAsync(backend, "")));
        Assert.Equal(502, await proxy.StatusAsync(await proxy.ServeAsync(backend, TlsManifests.Secret(name, stranger), ("proxy-ssl-secret", $"default/{name}"))));
        Assert.Empty(backend.Seen);
    }

    [Fact]
    public async Task Ingresses_of_one_Service_share_connections_with_equal_settings_only()
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], Clients);
        var name = proxy.NewName();
        (string Name, string Value)[] protocol = [("backend-protocol", "HTTPS")];
        await proxy.AddAsync(
            TlsManifests.Secret($"{name}-a", Clients, "client-a") + TlsManifests.Secret($"{name}-b", Clients, "client-b") + Manifests.Service(name, [backend.Port])
            + AnnotatedIngress.Manifest($"{name}-1", $"{name}-1.example", name, [.. protocol, ("proxy-ssl-secret", $"default/{name}-a")])
            + AnnotatedIngress.Manifest($"{name}-2", $"{name}-2.example", name, [.. protocol, ("proxy-ssl-secret", $"default/{name}-b")])
            + AnnotatedIngress.Manifest($"{name}-3", $"{name}-3.example", name, [.. protocol, ("proxy-ssl-secret", $"default/{name}-a")])
            + AnnotatedIngress.Manifest($"{name}-4", $"{name}-4.example", name, [.. protocol, ("proxy-ssl-secret", $"default/{name}-a"), ("proxy-ssl-protocols", "TLSv1.2")])
            + AnnotatedIngress.Manifest($"{name}-5", $"{name}-5.example", name, protocol));
        var seen = new Dictionary<int, List<TlsBackendView>>();
        for (var round = 0; round < 4; round++)
        {
            for (var i = 1; i <= 4; i++)
            {
                seen.TryAdd(i, []);
                seen[i].Add(await proxy.ViewAsync($"{name}-{i}.example"));
            }

            Assert.Equal(502, await proxy.StatusAsync($"{name}-5.example"));
        }

        Assert.Equal(["client-a"], seen[1].Select(view => view.Client).Distinct());
        Assert.Equal(["client-b"], seen[2].Select(view => view.Client).Distinct());
        // One after another, so one connection for each of the settings.
        string[] Connections(int ingress) => [.. seen[ingress].Select(view => view.Connection).Distinct()];
        Assert.Equal(Assert.Single(Connections(1)), Assert.Single(Connections(3)));
        Assert.Equal(3, Connections(1).Concat(Connections(2)).Concat(Connections(4)).Distinct().Count());
    }

    [Fact]
    public async Task Secrets_of_one_name_in_two_namespaces_are_two_certificates()
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], Clients);
        var name = proxy.NewName();
        foreach (var team in (string[])["team-a", "team-b"])
        {
            await proxy.AddAsync((TlsManifests.Secret(name, Clients, $"of-{team}") + Manifests.Service(name, [backend.Port])
                + AnnotatedIngress.Manifest(name, $"{name}.{team}.example", name, [("backend-protocol", "HTTPS"), ("proxy-ssl-secret", $"{team}/{name}")])).InNamespace(team));
        }

        // The Secret of another namespace is not for it.
        await proxy.AddAsync((Manifests.Service(name, [backend.Port])
            + AnnotatedIngress.Manifest(name, $"{name}.team-c.example", name, [("backend-protocol", "HTTPS"), ("proxy-ssl-secret", $"team-a/{name}")])).InNamespace("team-c"));
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("of-team-a", (await proxy.ViewAsync($"{name}.team-a.example")).Client);
            Assert.Equal("of-team-b", (await proxy.ViewAsync($"{name}.team-b.example")).Client);
            Assert.Equal(503, await proxy.StatusAsync($"{name}.team-c.example"));
        }
    }

    [Theory]
    [InlineData("ws")]
    [InlineData("wss")]
    public async Task WebSockets_use_it_too(string scheme)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], Clients, HttpProtocols.Http1, answer: async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(context.Connection.ClientCertificate!.Subject), WebSocketMessageType.Text, true, context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
        });
        var name = proxy.NewName();
        var host = await proxy.ServeAsync(
            backend, TlsManifests.Secret(name, Clients, "socket", authority: Servers), ("proxy-ssl-secret", $"default/{name}"), ("proxy-ssl-verify", "on"),
            ("proxy-ssl-name", "app.internal"));
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"{scheme}://{host}/"), proxy.Controller.Client, timeout.Token);
        var buffer = new byte[100];
        var received = await socket.ReceiveAsync(buffer, timeout.Token);
        Assert.Equal("CN=socket", System.Text.Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    [Fact]
    public async Task A_missing_Secret_answers_503_until_it_exists()
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], Clients);
        var name = proxy.NewName();
        var host = await proxy.ServeAsync(backend, "", ("proxy-ssl-secret", $"default/{name}"));
        Assert.Equal(503, await proxy.StatusAsync(host));
        Assert.Empty(backend.Seen);
        Assert.Contains($"no Secret default/{name} exists", await proxy.OutputAsync(host), StringComparison.Ordinal);
        await proxy.AddAsync(TlsManifests.Secret(name, Clients, "now"));
        Assert.Equal("now", (await proxy.ViewAsync(host)).Client);
    }

    [Fact]
    public async Task Keys_appear_nowhere()
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], Clients);
        var name = proxy.NewName();
        var secret = TlsManifests.Secret(name, Clients, authority: Servers);
        var host = await proxy.ServeAsync(backend, secret, ("proxy-ssl-secret", $"default/{name}"));
        await proxy.ViewAsync(host);
        var output = await proxy.OutputAsync(host);
        Assert.Contains($"client certificate of Secret default/{name}", output, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", output, StringComparison.Ordinal);
        var key = secret.Split("tls.key: ")[1].Split(',', '}')[0].Trim();
        var pem = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(key));
        Assert.DoesNotContain(key[..40], output, StringComparison.Ordinal);
        Assert.DoesNotContain(pem.Split('\n')[1][^40..], output, StringComparison.Ordinal);
    }
}
