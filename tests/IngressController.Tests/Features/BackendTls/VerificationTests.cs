using System.Net.Security;
using System.Security.Authentication;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.BackendTls;

/// <summary>The verification of backends, and what their TLS is like.</summary>
public sealed class VerificationTests(BackendTlsProxy proxy) : IClassFixture<BackendTlsProxy>
{
    private static readonly Pki Servers = new();

    [Theory]
    [InlineData("HTTPS", "app.internal", 200)]
    [InlineData("HTTPS", "APP.internal.", 200)]
    [InlineData("HTTPS", "www.wild.internal", 200)]
    [InlineData("HTTPS", "a.www.wild.internal", 502)]
    [InlineData("HTTPS", "other.internal", 502)]
    [InlineData("HTTPS", "my_app.internal", 502)]
    [InlineData("HTTPS", "127.0.0.1", 502)]
    [InlineData("GRPCS", "app.internal", 200)]
    [InlineData("GRPCS", "other.internal", 502)]
    public async Task A_backend_is_verified_for_the_name(string protocol, string serverName, int status)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal", "*.wild.internal"]);
        var name = proxy.NewName();
        var objects = TlsManifests.Secret(name, authority: Servers) + TlsManifests.ConfigMap(name, Servers);
        Assert.Equal(status, await proxy.StatusAsync(await proxy.ServeAsync(
            backend, objects, ("proxy-ssl-secret", $"default/{name}"), ("proxy-ssl-verify", "on"), ("proxy-ssl-name", serverName), ("backend-protocol", protocol))));
        Assert.Equal(status, await proxy.StatusAsync(await proxy.ServeAsync(
            backend, "", ("backend-tls-ca", name), ("backend-tls-server-name", serverName), ("backend-protocol", protocol))));
        Assert.Equal(status == 200 ? 2 : 0, backend.Seen.Count);
        if (status != 200)
            await proxy.Controller.Log.WaitForAsync($"it is not valid for {serverName}");
    }

    [Fact]
    public async Task A_backend_of_another_authority_or_with_an_expired_certificate_is_refused()
    {
        await using var stranger = await TlsBackend.StartAsync(new Pki(), ["app.internal"]);
        await using var expired = await TlsBackend.StartAsync(Servers, ["app.internal"], ended: TimeSpan.FromDays(1));
        var name = proxy.NewName();
        await proxy.AddAsync(TlsManifests.ConfigMap(name, Servers) + TlsManifests.Secret(name, authority: Servers));
        foreach (var backend in (TlsBackend[])[stranger, expired])
        {
            Assert.Equal(502, await proxy.StatusAsync(await proxy.ServeAsync(backend, "", ("backend-tls-ca", name), ("backend-tls-server-name", "app.internal"))));
            Assert.Empty(backend.Seen);
            // Not verified unless asked for, as in ingress-nginx.
            Assert.Equal(200, await proxy.StatusAsync(await proxy.ServeAsync(backend, "", ("proxy-ssl-secret", $"default/{name}"))));
        }

        await proxy.Controller.Log.WaitForAsync("the certificate of 127.0.0.1 was refused: RemoteCertificateChainErrors", 2);
    }

    /// <summary>The TLS stream resumes sessions by the name that it sends.</summary>
    [Theory]
    [InlineData("TLSv1.2")]
    [InlineData("TLSv1.3")]
    public async Task A_resumed_session_is_verified_by_the_settings_of_its_own_Ingress(string version)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"]);
        var name = proxy.NewName();
        await proxy.AddAsync(TlsManifests.ConfigMap($"{name}-right", Servers) + TlsManifests.ConfigMap($"{name}-wrong", new Pki()));
        for (var depth = 1; depth <= 3; depth++)
        {
            foreach (var (ca, status) in new[] { ("right", 200), ("wrong", 502) })
            {
                Assert.Equal(status, await proxy.StatusAsync(await proxy.ServeAsync(
                    backend, "", ("backend-tls-ca", $"{name}-{ca}"), ("backend-tls-server-name", "app.internal"), ("proxy-ssl-protocols", version), ("proxy-ssl-verify-depth", $"{depth}"))));
            }
        }

        Assert.Equal(3, backend.Seen.Count);
    }

    [Theory]
    [InlineData(0, null, 200)]
    [InlineData(1, null, 200)]
    [InlineData(1, "0", 200)]
    [InlineData(2, null, 502)]
    [InlineData(2, "1", 502)]
    [InlineData(2, "2", 200)]
    [InlineData(3, "2", 502)]
    [InlineData(3, "9", 200)]
    public async Task The_depth_is_the_number_of_intermediate_certificates(int intermediates, string? depth, int status)
    {
        var servers = new Pki(intermediates);
        await using var backend = await TlsBackend.StartAsync(servers, ["app.internal"]);
        var name = proxy.NewName();
        (string, string)[] annotations = [("proxy-ssl-secret", $"default/{name}"), ("proxy-ssl-verify", "on"), ("proxy-ssl-name", "app.internal")];
        Assert.Equal(status, await proxy.StatusAsync(await proxy.ServeAsync(
            backend, TlsManifests.Secret(name, authority: servers), depth is null ? annotations : [.. annotations, ("proxy-ssl-verify-depth", depth)])));
    }

    [Theory]
    [InlineData("", "off", "")]
    [InlineData("app.internal", null, "")]
    [InlineData("app.internal", "off", "")]
    [InlineData("app.internal", "on", "app.internal")]
    [InlineData("127.0.0.1", "on", "")]
    public async Task The_name_is_sent_where_asked_and_is_never_that_of_the_request(string serverName, string? sends, string expected)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"]);
        var name = proxy.NewName();
        List<(string, string)> annotations = [("proxy-ssl-secret", $"default/{name}"), ("proxy-ssl-name", serverName)];
        if (sends is not null)
            annotations.Add(("proxy-ssl-server-name", sends));
        Assert.Equal(expected, (await proxy.ViewAsync(await proxy.ServeAsync(backend, TlsManifests.Secret(name, authority: Servers), [.. annotations]))).ServerName);
    }

    [Fact]
    public async Task The_own_name_is_sent_by_itself()
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"]);
        Assert.Equal("app.internal", (await proxy.ViewAsync(await proxy.ServeAsync(backend, "", ("backend-tls-server-name", "App.internal")))).ServerName);
    }

    [Theory]
    [InlineData(null, SslProtocols.Tls12, SslProtocols.Tls12)]
    [InlineData(null, SslProtocols.Tls13, SslProtocols.Tls13)]
    [InlineData("TLSv1.2", SslProtocols.None, SslProtocols.Tls12)]
    [InlineData("TLSv1.3", SslProtocols.None, SslProtocols.Tls13)]
    [InlineData("TLSv1.3 TLSv1.2", SslProtocols.Tls12, SslProtocols.Tls12)]
    [InlineData("TLSv1.2", SslProtocols.Tls13, null)]
    [InlineData("TLSv1.3", SslProtocols.Tls12, null)]
    public async Task The_version_of_TLS_is_one_of_those_that_are_allowed(string? protocols, SslProtocols offered, SslProtocols? expected)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], versions: offered);
        var name = proxy.NewName();
        List<(string, string)> annotations = [("proxy-ssl-secret", $"default/{name}")];
        if (protocols is not null)
            annotations.Add(("proxy-ssl-protocols", protocols));
        var host = await proxy.ServeAsync(backend, TlsManifests.Secret(name, authority: Servers), [.. annotations]);
        if (expected is null)
            Assert.Equal(502, await proxy.StatusAsync(host));
        else
            Assert.Equal(expected, (await proxy.ViewAsync(host)).Version);
    }

    [Theory]
    [InlineData("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2", TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)]
    [InlineData("ECDHE+AES256:!aRSA:!AESGCM:!SHA1", "TLSv1.2", TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384)]
    [InlineData("HIGH:!AES256:!CHACHA20:!SHA256", "TLSv1.2", TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)]
    [InlineData("kRSA", "TLSv1.2", null)]
    [InlineData("kRSA", "TLSv1.3", TlsCipherSuite.TLS_AES_256_GCM_SHA384)]
    [InlineData("kRSA", "TLSv1.2 TLSv1.3", TlsCipherSuite.TLS_AES_256_GCM_SHA384)]
    public async Task The_cipher_is_one_of_those_that_are_allowed(string ciphers, string protocols, TlsCipherSuite? expected)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"]);
        var name = proxy.NewName();
        var host = await proxy.ServeAsync(
            backend, TlsManifests.Secret(name, authority: Servers), ("proxy-ssl-secret", $"default/{name}"), ("proxy-ssl-protocols", protocols), ("proxy-ssl-ciphers", ciphers));
        if (expected is null)
            Assert.Equal(502, await proxy.StatusAsync(host));
        else
            Assert.Equal(expected, (await proxy.ViewAsync(host)).Cipher);
    }

    [Fact]
    public async Task A_backend_in_cleartext_is_not_reached_where_a_CA_is_named()
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("ok"));
        var name = proxy.NewName();
        await proxy.AddAsync(
            TlsManifests.ConfigMap(name, Servers) + TlsManifests.Secret(name, authority: Servers) + Manifests.Service(name, [backend.Port])
            + AnnotatedIngress.Manifest($"{name}-own", $"{name}-own.example", name, [("backend-tls-ca", name), ("backend-tls-server-name", "app.internal")])
            + AnnotatedIngress.Manifest($"{name}-nginx", $"{name}-nginx.example", name, [("proxy-ssl-secret", $"default/{name}"), ("proxy-ssl-verify", "on"), ("proxy-ssl-name", "a.b")]));
        Assert.Equal(503, await proxy.StatusAsync($"{name}-own.example"));
        Assert.Equal(0, backend.Accepted);
        Assert.Equal(200, await proxy.StatusAsync($"{name}-nginx.example"));
    }

    [Theory]
    [InlineData("backend-tls-ca", "ca", null, 200)]
    [InlineData("backend-tls-ca", "strangers", null, 502)]
    [InlineData("proxy-ssl-secret", "default/ca", null, 200)]
    [InlineData("proxy-ssl-secret", "default/strangers", null, 502)]
    [InlineData("proxy-ssl-secret", "default/strangers", "off", 200)]
    [InlineData("backend-tls-client-certificate", "client", null, 502)]
    public async Task An_external_name_is_verified_for_itself_and_told_it(string annotation, string value, string? verify, int status)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["localhost"]);
        (string, string)[] annotations = [("backend-protocol", "HTTPS"), (annotation, value)];
        var strangers = new Pki();
        await using var controller = await TestController.StartAsync(
            TlsManifests.ConfigMap("ca", Servers) + TlsManifests.ConfigMap("strangers", strangers) + TlsManifests.Secret("ca", authority: Servers)
            + TlsManifests.Secret("strangers", authority: strangers) + TlsManifests.Secret("client", strangers) + """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: outside}
            spec: {type: ExternalName, externalName: localhost}

            """ + AnnotatedIngress.Manifest("outside", "app.example", "outside", verify is null ? annotations : [.. annotations, ("proxy-ssl-verify", verify)])
                .Replace("number: 80", $"number: {backend.Port}", StringComparison.Ordinal),
            options => options with
            {
                Translation = options.Translation with { AllowExternalNameLoopback = true },
                Upstream = options.Upstream with { AllowExternalNameLoopback = true },
            });
        Assert.Equal(status, (await WireConnection.ExchangeAsync(controller.HttpPort, "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")).Status);
        Assert.All(backend.Seen, view => Assert.Equal("localhost", view.ServerName));
        if (status != 200)
            await controller.Log.WaitForAsync("the certificate of localhost was refused");
    }
}
