using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IngressController.Demo;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using IngressController.Views;

namespace IngressController.Tests.Tls;

/// <summary>Handshakes with the HTTPS port of a running controller.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private const string SelfSigned = "CN=YARP Ingress Controller Default Certificate";
    private static readonly EchoPod[] Pods = [new("web", "web-1")];
    private readonly Pki _pki = new();
    private EchoBackend _backend = null!;
    private TestController _controller = null!;

    private string Service => Manifests.Service("web", [_backend.Ports[Pods[0]]]);

    public async Task InitializeAsync()
    {
        _backend = await EchoBackend.StartAsync(Pods, CancellationToken.None);
        _controller = await TestController.StartAsync("");
    }

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Theory]
    [InlineData("app.example.com", "CN=app.example.com")]
    [InlineData("one.example.com", "CN=star.example.com")]
    [InlineData("two.one.example.com", SelfSigned)]
    [InlineData("example.com", SelfSigned)]
    [InlineData("other.test", SelfSigned)]
    [InlineData("", SelfSigned)]
    public async Task Server_name_selects_the_certificate(string serverName, string subject)
    {
        await ServeExactAndWildcardAsync();

        Assert.Equal(subject, (await HandshakeAsync(serverName)).Subject);
    }

    /// <summary>Uses OpenSSL, because SslStream normalizes the name before it sends it.</summary>
    [Theory]
    [InlineData("APP.Example.COM", "CN = app.example.com")]
    [InlineData("app.example.com.", "CN = app.example.com")]
    [InlineData("ONE.example.com.", "CN = star.example.com")]
    [InlineData("app.example.com..", "CN = YARP Ingress Controller Default Certificate")]
    [InlineData(".example.com", "CN = YARP Ingress Controller Default Certificate")]
    [InlineData("*.example.com", "CN = star.example.com")]
    [InlineData("a b.example.com", "CN = star.example.com")]
    public async Task Server_name_is_case_insensitive_and_a_trailing_dot_is_ignored(string serverName, string subject)
    {
        await ServeExactAndWildcardAsync();

        Assert.Contains($"subject={subject}\n", await OpenSslAsync("", serverName), StringComparison.Ordinal);
    }

    private Task ServeExactAndWildcardAsync() => _controller.ApplyAsync(
        Service + _pki.Secret("exact", "app.example.com") + _pki.Secret("wildcard", "*.example.com")
        + Manifests.Ingress("exact", "app.example.com", "web", tlsSecret: "exact") + Manifests.Ingress("wildcard", "*.example.com", "web", tlsSecret: "wildcard"));

    [Fact]
    public async Task Default_certificate_serves_all_other_names()
    {
        await using var controller = await TestController.StartAsync(
            _pki.Secret("fallback", "fallback.example"),
            options => options with { Translation = options.Translation with { DefaultSslCertificate = new ResourceName("default", "fallback") } });

        Assert.Equal("CN=fallback.example", (await HandshakeAsync("whatever.test", controller)).Subject);
        Assert.Equal("CN=fallback.example", (await HandshakeAsync("", controller)).Subject);
        Assert.Equal(("(default)", "default/fallback"), (await CertificatesAsync(controller)).Select(view => (view.Host, view.Secret)).Single());

        await controller.ApplyAsync("");
        Assert.Equal(SelfSigned, (await HandshakeAsync("", controller)).Subject);
    }

    [Fact]
    public async Task Whole_chain_of_the_Secret_is_sent()
    {
        await ServeAsync(_pki.Secret("s", "app.example"));

        var seen = await HandshakeAsync("app.example");

        Assert.Equal(["CN=app.example", "CN=Test Intermediate"], seen.Sent);
        Assert.True(seen.IsTrusted, "a client that knows only the root must be able to build the chain");
    }

    public static TheoryData<string> Keys { get; } = ["rsa-pkcs8", "rsa-pkcs1", "ec-pkcs8", "ec-sec1", "ec-p384", "ec-params", "rsa-3072"];

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task All_common_key_formats_work(string format)
    {
        using AsymmetricAlgorithm key = format switch
        {
            "rsa-3072" => RSA.Create(3072),
            "ec-p384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            _ when format.StartsWith("rsa", StringComparison.Ordinal) => RSA.Create(2048),
            _ => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        };
        var pem = format switch
        {
            "rsa-pkcs1" => ((RSA)key).ExportRSAPrivateKeyPem(),
            "ec-sec1" => ((ECDsa)key).ExportECPrivateKeyPem(),
            // What `openssl ecparam -genkey` writes.
            "ec-params" => "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + ((ECDsa)key).ExportECPrivateKeyPem(),
            _ => key.ExportPkcs8PrivateKeyPem(),
        };
        await ServeAsync(Pki.Secret("s", _pki.Leaf(["app.example"], key).CertificatePem, pem));

        Assert.Equal("CN=app.example", (await HandshakeAsync("app.example")).Subject);
        Assert.Equal("CN=app.example", (await HandshakeAsync("app.example", protocols: SslProtocols.Tls12)).Subject);
    }

    [Fact]
    public async Task Leading_text_Windows_line_endings_and_trailing_text_are_accepted()
    {
        var (certificate, key) = _pki.Leaf(["app.example"]);
        var text = "Bag Attributes\n    friendlyName: x\nsubject=CN=app.example\n" + certificate + "\nBag Attributes: <No Attributes>\n" + _pki.IntermediatePem + "\n\n# end\n";
        await ServeAsync(Pki.Secret("s", text.ReplaceLineEndings("\r\n"), "\uFEFFBag Attributes\n" + key.ExportPkcs8PrivateKeyPem().ReplaceLineEndings("\r\n")));

        Assert.Equal(["CN=app.example", "CN=Test Intermediate"], (await HandshakeAsync("app.example")).Sent);
        Assert.Empty(await DiagnosticsAsync());
    }

    [Theory]
    [InlineData("mismatched", "is not the private key of the first certificate")]
    [InlineData("encrypted", "data[tls.key]")]
    [InlineData("leaf-last", "is not the private key of the first certificate")]
    [InlineData("no-key", "data[tls.key] is missing or empty")]
    [InlineData("no-certificate", "contains no PEM certificate")]
    [InlineData("garbage", "data[tls.crt]")]
    public async Task Invalid_Secret_is_reported_and_its_hosts_keep_the_last_valid_certificate(string kind, string problem)
    {
        await ServeAsync(_pki.Secret("s", "app.example"));
        var before = await HandshakeAsync("app.example");
        var (certificate, key) = _pki.Leaf(["app.example"]);
        var pem = key.ExportPkcs8PrivateKeyPem();

        await ServeAsync(kind switch
        {
            "mismatched" => Pki.Secret("s", certificate, _pki.Leaf(["app.example"]).Key.ExportPkcs8PrivateKeyPem()),
            "encrypted" => Pki.Secret("s", certificate, key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000))),
            "leaf-last" => Pki.Secret("s", _pki.IntermediatePem + "\n" + certificate, pem),
            "no-key" => Pki.Secret("s", certificate, ""),
            "no-certificate" => Pki.Secret("s", "text", pem),
            _ => Pki.Secret("s", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", pem),
        });

        Assert.Equal(before.Thumbprint, (await HandshakeAsync("app.example")).Thumbprint);
        var diagnostic = Assert.Single(await DiagnosticsAsync());
        Assert.Equal("TlsSecretInvalid LastGoodCertificate", $"{diagnostic.Code} {diagnostic.Effect}");
        Assert.Contains(problem, diagnostic.Message, StringComparison.Ordinal);
        RequireNoKey(pem, string.Join('\n', (await DiagnosticsAsync()).AsEnumerable()));

        await ServeAsync(Pki.Secret("s", certificate, pem));
        Assert.NotEqual(before.Thumbprint, (await HandshakeAsync("app.example")).Thumbprint);
        Assert.Empty(await DiagnosticsAsync());
    }

    [Fact]
    public async Task New_certificate_is_served_at_once_and_open_connections_continue()
    {
        await ServeAsync(_pki.Secret("s", "app.example"));
        using var connection = await ConnectAsync("app.example");
        var before = connection.Stream.RemoteCertificate!.GetCertHashString();
        Assert.Equal(200, await RequestAsync(connection.Stream));

        await ServeAsync(_pki.Secret("s", "app.example"));
        Assert.Equal(200, await RequestAsync(connection.Stream));
        Assert.NotEqual(before, (await HandshakeAsync("app.example")).Thumbprint);

        await ServeAsync("");
        Assert.Equal(200, await RequestAsync(connection.Stream));
        Assert.Equal(SelfSigned, (await HandshakeAsync("app.example")).Subject);
    }

    [Theory]
    [InlineData("-tls1_3")]
    [InlineData("-tls1_2")]
    public async Task Sessions_resume_also_after_unrelated_changes(string version)
    {
        using var folder = new TempFolder();
        var secret = _pki.Secret("s", "app.example");
        await ServeAsync(secret);
        var session = folder.At("session");

        // Without a request the client ends before it reads a TLS 1.3 ticket.
        var first = await OpenSslAsync($"{version} -sess_out {session}");
        Assert.Contains("New, TLSv1", first, StringComparison.Ordinal);
        Assert.Contains("Reused, TLSv1", await OpenSslAsync($"{version} -sess_in {session}"), StringComparison.Ordinal);

        await ServeAsync(secret + _pki.Secret("other", "other.example") + Manifests.Ingress("o", "other.example", "web", tlsSecret: "other"));
        Assert.Contains("Reused, TLSv1", await OpenSslAsync($"{version} -sess_in {session}"), StringComparison.Ordinal);

        await ServeAsync(_pki.Secret("s", "app.example"));
        Assert.Contains("New, TLSv1", await OpenSslAsync($"{version} -sess_in {session}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-tls1", false)]
    [InlineData("-tls1_1", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task Only_TLS_1_2_and_1_3_are_accepted(string version, bool isAccepted)
    {
        await ServeAsync(_pki.Secret("s", "app.example"));

        var output = await OpenSslAsync($"{version} -cipher DEFAULT:@SECLEVEL=0");

        // The server must reject the version, not this client.
        Assert.Contains(isAccepted ? "New, TLSv1." : "alert protocol version", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h2", "h2", "http/1.1")]
    [InlineData("http/1.1", "http/1.1")]
    [InlineData("h2", "http/1.1", "h2")]
    [InlineData("")]
    public async Task Application_protocol_is_negotiated(string expected, params string[] offered)
    {
        await ServeAsync(_pki.Secret("s", "app.example"));

        using var connection = await ConnectAsync("app.example", offered: offered);

        Assert.Equal(expected, connection.Stream.NegotiatedApplicationProtocol.ToString());
        Assert.Equal(SslProtocols.Tls13, connection.Stream.SslProtocol);
    }

    [Fact]
    public async Task An_expired_certificate_is_served_and_shown()
    {
        var (certificate, key) = _pki.Leaf(["app.example"], ended: TimeSpan.FromDays(1));
        await ServeAsync(Pki.Secret("s", certificate, key.ExportPkcs8PrivateKeyPem()));

        Assert.Equal("CN=app.example", (await HandshakeAsync("app.example")).Subject);
        var view = (await CertificatesAsync()).Single(view => view.Host == "app.example");
        Assert.Equal((false, "default/s"), (view.IsValidNow, view.Secret));
        Assert.Contains($"yarp_ingress_certificate_expiry_seconds{{host=\"app.example\"}} {view.NotAfter!.Value.ToUnixTimeSeconds()}\n", await AdminAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_too_weak_for_OpenSSL_affects_only_its_host()
    {
        using var key = RSA.Create(1024);
        await _controller.ApplyAsync(Service + _pki.Secret("s", "app.example") + Pki.Secret("weak", _pki.Leaf(["weak.example"], key).CertificatePem, key.ExportPkcs8PrivateKeyPem())
            + Manifests.Ingress("i", "app.example", "web", tlsSecret: "s") + Manifests.Ingress("w", "weak.example", "web", tlsSecret: "weak"));

        Assert.Equal(SelfSigned, (await HandshakeAsync("weak.example")).Subject);
        Assert.Equal("CN=app.example", (await HandshakeAsync("app.example")).Subject);
        Assert.Contains(
            "the RSA key of CN=weak.example has 1024 bits; OpenSSL requires at least 2048", await AdminAsync("/api/diagnostics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_and_plain_HTTP_do_not_affect_other_connections()
    {
        await ServeAsync(_pki.Secret("s", "app.example"));
        using var open = await ConnectAsync("app.example");

        foreach (var garbage in (byte[][])["GET / HTTP/1.1\r\nHost: app.example\r\n\r\n"u8.ToArray(), [22, 3, 1, 255, 255, .. RandomNumberGenerator.GetBytes(2000)], [22, 3, 1, 0, 0], []])
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, _controller.HttpsPort);
            var stream = socket.GetStream();
            await stream.WriteAsync(garbage);
            // The server closes the connection, with or without an alert.
            var buffer = new byte[100];
            try
            {
                socket.Client.Shutdown(SocketShutdown.Send);
                while (await stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(20)) > 0)
                    ;
            }
            catch (Exception error) when (error is IOException or SocketException)
            {
                // A reset also closes the connection.
            }
        }

        Assert.Equal(200, await RequestAsync(open.Stream));
        Assert.Equal("CN=app.example", (await HandshakeAsync("app.example")).Subject);
        Assert.Equal(0, _controller.Log.CountOf("Error "));
        Assert.Equal(0, _controller.Log.CountOf("Warning "));
    }

    [Fact]
    public async Task Private_keys_appear_nowhere()
    {
        var (certificate, key) = _pki.Leaf(["app.example"]);
        var pem = key.ExportPkcs8PrivateKeyPem();
        await ServeAsync(Pki.Secret("s", certificate, pem));
        await HandshakeAsync("app.example");

        foreach (var page in (string[])["/api/certificates", "/api/diagnostics", "/api/routes", "/api/backends", "/metrics"])
            RequireNoKey(pem, await AdminAsync(page));
        RequireNoKey(pem, string.Join('\n', _controller.Log.All));
        await _controller.UntilAsync(live =>
        {
            RequireNoKey(pem, $"{live} {live.Table} {live.Table.TlsBindings["app.example"]} {live.Snapshot} {live.Snapshot.TlsSecrets.Values.Single()}");
            return true;
        });
    }

    private static void RequireNoKey(string pem, string text)
    {
        Assert.DoesNotContain("PRIVATE KEY", text, StringComparison.Ordinal);
        Assert.DoesNotContain(pem.Split('\n')[1][^40..], text, StringComparison.Ordinal);
    }

    private Task ServeAsync(string secret) => _controller.ApplyAsync(Service + secret + Manifests.Ingress("i", "app.example", "web", tlsSecret: "s"));

    private async Task<Seen> HandshakeAsync(string serverName, TestController? controller = null, SslProtocols protocols = SslProtocols.None)
    {
        using var connection = await ConnectAsync(serverName, controller, protocols);
        return connection.Seen!;
    }

    private async Task<Connection> ConnectAsync(string serverName, TestController? controller = null, SslProtocols protocols = SslProtocols.None, string[]? offered = null)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, (controller ?? _controller).HttpsPort);
        Seen? seen = null;
        var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            EnabledSslProtocols = protocols,
            ApplicationProtocols = offered is null or [] ? null : [.. offered.Select(protocol => new SslApplicationProtocol(protocol))],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { _pki.Root },
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                seen = new Seen(
                    certificate!.Subject, certificate.GetCertHashString(),
                    [certificate.Subject, .. chain!.ChainPolicy.ExtraStore.Select(extra => extra.Subject).Where(subject => subject != certificate.Subject)],
                    !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors));
                return true;
            },
        }).WaitAsync(TimeSpan.FromSeconds(20));
        return new Connection(socket, stream, seen);
    }

    /// <summary>Sends a request on a connection that stays open, and returns the status.</summary>
    private static async Task<int> RequestAsync(SslStream stream)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: app.example\r\n\r\n"));
        var text = "";
        var buffer = new byte[4096];
        while (!text.EndsWith("0\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            Assert.NotEqual(0, count);
            text += Encoding.ASCII.GetString(buffer, 0, count);
        }

        return int.Parse(text.Split(' ')[1]);
    }

    /// <summary>Returns the output of <c>openssl s_client</c> for a connection with one request.</summary>
    private async Task<string> OpenSslAsync(string options, string serverName = "app.example")
    {
        var start = new ProcessStartInfo("openssl", $"s_client -connect 127.0.0.1:{_controller.HttpsPort} -servername \"{serverName}\" -ign_eof {options}")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync("GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n");
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return await output + await error;
    }

    private async Task<string> AdminAsync(string path, TestController? controller = null)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync($"http://127.0.0.1:{(controller ?? _controller).AdminPort}{path}");
    }

    private async Task<CertificateView[]> CertificatesAsync(TestController? controller = null) =>
        System.Text.Json.JsonSerializer.Deserialize<CertificateView[]>(await AdminAsync("/api/certificates", controller), ViewJson.Options)!;

    private async Task<DiagnosticView[]> DiagnosticsAsync() =>
        System.Text.Json.JsonSerializer.Deserialize<DiagnosticView[]>(await AdminAsync("/api/diagnostics"), ViewJson.Options)!;

    private sealed record Seen(string Subject, string Thumbprint, string[] Sent, bool IsTrusted);

    private sealed record Connection(TcpClient Socket, SslStream Stream, Seen? Seen) : IDisposable
    {
        public void Dispose()
        {
            Stream.Dispose();
            Socket.Dispose();
        }
    }
}
