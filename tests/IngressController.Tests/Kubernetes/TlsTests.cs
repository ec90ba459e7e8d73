using System.Net;
using System.Net.Sockets;
using System.Text;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Transport;
using IngressController.Tests.Fakes;
using k8s;
using k8s.Exceptions;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Kubernetes;

public sealed class TlsTests
{
    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(HttpProtocols.Http1, "HTTP/1.1")]
    public async Task HTTP_2_falls_back_to_HTTP_1_1(HttpProtocols protocols, string expected)
    {
        await using var server = await FakeApiServer.CreateAsync(https: true, protocols);
        using var client = new ApiServerConnection(server.Configuration, TimeProvider.System);
        var version = await client.Kubernetes.Version.GetCodeAsync();
        Assert.Equal("v1.34.0-fake", version.GitVersion);
        Assert.Equal(expected, server.Requests.Single().Protocol);
        Assert.Equal(server.Address.Authority, server.Requests.Single().Headers["Host"]);
        Assert.StartsWith("yarp-ingress-controller/", server.Requests.Single().Headers["User-Agent"]);
    }

    [Fact]
    public async Task A_certificate_of_the_trusted_authority_for_another_name_is_rejected()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        server.ServerCertificate = server.Authority!.Issue("other.example");
        await RefusesAsync(server.Configuration);
        Assert.Empty(server.Requests);
    }

    /// <summary>Callers would mistake a cancellation that they did not request for their own.</summary>
    [Fact]
    public async Task A_connect_timeout_is_not_a_cancellation()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var configuration = new ApiServerConfiguration
        {
            Host = new Uri($"https://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"),
            Timeouts = new ClientTimeouts { Connect = TimeSpan.FromMilliseconds(100) },
        };
        using var client = new ApiServerConnection(configuration, TimeProvider.System);
        var error = await Assert.ThrowsAsync<TimeoutException>(() => client.Kubernetes.Version.GetCodeAsync());
        Assert.Equal("no connection to the API server within 0.1 s", error.Message);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_rejected()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        server.ServerCertificate = FakeApiServerAuthority.Create("stranger").Issue("127.0.0.1");
        await RefusesAsync(server.Configuration);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Without_an_authority_the_system_authorities_apply()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        await RefusesAsync(server.Configuration with { CertificateAuthority = null });
    }

    [Fact]
    public async Task Skipping_the_check_accepts_any_certificate_and_warns()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        server.ServerCertificate = FakeApiServerAuthority.Create("stranger").Issue("other.example");
        var notices = new List<ClientNotice>();
        var configuration = server.Configuration with { CertificateAuthority = null, SkipTlsVerify = true, Warnings = ["unwise"] };
        using var client = new ApiServerConnection(configuration, TimeProvider.System, notices.Add);
        await client.Kubernetes.Version.GetCodeAsync();
        Assert.Equal("unwise", Assert.IsType<ClientNotice.ConfigurationWarning>(notices.Single()).Message);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(HttpProtocols.Http1, "HTTP/1.1")]
    public async Task The_TLS_server_name_is_sent_and_checked_but_is_not_the_Host_header(HttpProtocols protocols, string expected)
    {
        await using var server = await FakeApiServer.CreateAsync(https: true, protocols);
        server.ServerCertificate = server.Authority!.Issue("kubernetes.default.svc");
        var configuration = server.Configuration with { TlsServerName = "kubernetes.default.svc" };
        using var client = new ApiServerConnection(configuration, TimeProvider.System);
        await client.Kubernetes.Version.GetCodeAsync();

        Assert.Equal("kubernetes.default.svc", server.RequestedServerNames.Single());
        Assert.Equal(server.Address.Authority, server.Requests.Single().Headers["Host"]);
        Assert.Equal(expected, server.Requests.Single().Protocol);
        await RefusesAsync(configuration with { TlsServerName = "other.example" });
        await RefusesAsync(configuration with { TlsServerName = null });
    }

    [Fact]
    public async Task A_rotated_authority_file_is_used_within_a_minute()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var directory = new TemporaryDirectory();
        var file = directory.Write("ca.crt", server.Authority!.Pem);
        var time = new ManualTimeProvider();
        var notices = new List<ClientNotice>();
        using var client = new ApiServerConnection(
            server.Configuration with { CertificateAuthority = new PemSource.InFile(file) }, time, notices.Add);
        await client.Kubernetes.Version.GetCodeAsync();

        var next = FakeApiServerAuthority.Create("next");
        directory.Write("ca.crt", next.Pem);
        time.Advance(TimeSpan.FromSeconds(59));
        await client.Kubernetes.Version.GetCodeAsync();
        Assert.Empty(notices);
        await server.StopAsync();
        server.ServerCertificate = next.Issue("127.0.0.1");
        await server.StartAsync();
        time.Advance(TimeSpan.FromSeconds(2));
        await client.Kubernetes.Version.GetCodeAsync();
        Assert.IsType<ClientNotice.TransportReloaded>(notices.Single());
    }

    [Fact]
    public async Task A_failed_handshake_reloads_the_authority_file_at_once()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var directory = new TemporaryDirectory();
        var file = directory.Write("ca.crt", FakeApiServerAuthority.Create("old").Pem);
        using var client = new ApiServerConnection(
            server.Configuration with { CertificateAuthority = new PemSource.InFile(file) }, new ManualTimeProvider());
        await Assert.ThrowsAsync<HttpRequestException>(() => client.Kubernetes.Version.GetCodeAsync());
        directory.Write("ca.crt", server.Authority!.Pem);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.Kubernetes.Version.GetCodeAsync());
        await client.Kubernetes.Version.GetCodeAsync();
    }

    [Fact]
    public async Task A_half_written_authority_file_leaves_the_previous_content_in_use()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var directory = new TemporaryDirectory();
        var file = directory.Write("ca.crt", server.Authority!.Pem);
        var time = new ManualTimeProvider();
        var notices = new List<ClientNotice>();
        using var client = new ApiServerConnection(
            server.Configuration with { CertificateAuthority = new PemSource.InFile(file) }, time, notices.Add);
        directory.Write("ca.crt", "-----BEGIN CERT");
        time.Advance(TimeSpan.FromSeconds(61));
        await client.Kubernetes.Version.GetCodeAsync();
        await client.Kubernetes.Version.GetCodeAsync();
        Assert.IsType<ClientNotice.CredentialFileUnusable>(notices.Single());
        File.Delete(file);
        time.Advance(TimeSpan.FromSeconds(61));
        await client.Kubernetes.Version.GetCodeAsync();
    }

    [Fact]
    public async Task A_client_certificate_is_sent_and_its_rotation_does_not_affect_open_watches()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var directory = new TemporaryDirectory();
        void Issue(string name)
        {
            var (certificate, key) = server.Authority!.IssuePem(name);
            directory.Write("tls.crt", certificate);
            directory.Write("tls.key", key);
        }

        Issue("first.example");
        var time = new ManualTimeProvider();
        using var client = new ApiServerConnection(server.Configuration with
        {
            ClientCertificate = new PemSource.InFile(Path.Combine(directory.Path, "tls.crt")),
            ClientKey = new PemSource.InFile(Path.Combine(directory.Path, "tls.key")),
        }, time);
        using var watch = await client.WatchAsync(
            ResourceTypes.Services,
            new() { ResourceVersion = "", Timeout = TimeSpan.FromSeconds(300) }, default);
        Issue("second.example");
        time.Advance(TimeSpan.FromSeconds(61));
        await client.Kubernetes.Version.GetCodeAsync();
        Assert.Equal(["CN=first.example", "CN=second.example"], server.Requests.Select(request => request.ClientCertificate));

        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.UpsertService("one");
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_proxy_tunnels_connections_and_does_not_weaken_the_check()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var asked = new List<string>();
        var serving = ServeTunnelsAsync(proxy, asked);
        var configuration = server.Configuration with { ProxyUrl = new($"http://joe:pw@127.0.0.1:{((IPEndPoint)proxy.LocalEndpoint).Port}") };
        using (var client = new ApiServerConnection(configuration, TimeProvider.System))
            await client.Kubernetes.Version.GetCodeAsync();
        Assert.Equal($"CONNECT {server.Address.Authority} HTTP/1.1", asked[0]);

        server.ServerCertificate = server.Authority!.Issue("other.example");
        await RefusesAsync(configuration);
        Assert.Throws<KubeConfigException>(() => new ApiServerConnection(configuration with { TlsServerName = "x" }, TimeProvider.System));
        proxy.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);
    }

    private static async Task ServeTunnelsAsync(TcpListener proxy, List<string> asked)
    {
        while (true)
        {
            var inbound = await proxy.AcceptTcpClientAsync();
            var stream = inbound.GetStream();
            var head = new StringBuilder();
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                head.Append((char)stream.ReadByte());
            asked.Add(head.ToString().Split("\r\n")[0]);
            var outbound = new TcpClient();
            await outbound.ConnectAsync(IPEndPoint.Parse(asked[^1].Split(' ')[1]));
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray());
            _ = stream.CopyToAsync(outbound.GetStream());
            _ = outbound.GetStream().CopyToAsync(stream);
        }
    }

    private static async Task RefusesAsync(ApiServerConfiguration configuration)
    {
        using var client = new ApiServerConnection(configuration, TimeProvider.System);
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => client.Kubernetes.Version.GetCodeAsync());
        Assert.Equal(HttpRequestError.SecureConnectionError, error.HttpRequestError);
    }
}
