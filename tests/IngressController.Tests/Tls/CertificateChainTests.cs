using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;
using IngressController.Tls;

namespace IngressController.Tests.Tls;

/// <summary>The chains that clients receive.</summary>
public sealed partial class CertificateChainTests : IAsyncLifetime
{
    private static readonly CrossSignedPki Pki = new();
    private readonly TempFolder _folder = new();
    private TestController _controller = null!;

    public async Task InitializeAsync() => _controller = await TestController.StartAsync("");

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<string[]> Chains { get; } =
    [
        new[] { "leaf" },
        new[] { "leaf", "intermediate" },
        new[] { "leaf", "intermediate", "cross" },
        new[] { "leaf", "intermediate", "cross", "old-root" },
        new[] { "leaf", "intermediate", "new-root" },
        new[] { "leaf", "intermediate", "new-root", "cross" },
        new[] { "leaf", "cross", "intermediate" },
        new[] { "leaf", "intermediate", "unrelated" },
        new[] { "leaf", "unrelated" },
        new[] { "leaf", "leaf", "intermediate" },
    ];

    [Theory]
    [MemberData(nameof(Chains))]
    public async Task Chain_is_sent_as_it_stands_in_the_Secret(string[] chain)
    {
        await _controller.ApplyAsync(Served(chain));

        foreach (var version in (string[])["-tls1_3", "-tls1_2"])
            Assert.Equal(chain, Sent(await OpenSslAsync(_controller.HttpsPort, version)));
    }

    [Fact]
    public async Task Changed_chain_of_the_same_leaf_is_sent()
    {
        await _controller.ApplyAsync(Served("leaf", "intermediate"));
        Assert.Equal(["leaf", "intermediate"], Sent(await OpenSslAsync(_controller.HttpsPort)));

        await _controller.ApplyAsync(Served("leaf", "intermediate", "cross"));
        Assert.Equal(["leaf", "intermediate", "cross"], Sent(await OpenSslAsync(_controller.HttpsPort)));
    }

    /// <summary>The trust store of the machine knows the new root, and the client one of the roots.</summary>
    [Theory]
    [InlineData("new-root", "old-root")]
    [InlineData("new-root", "new-root")]
    [InlineData("old-root", "new-root")]
    [InlineData("old-root", "old-root")]
    [InlineData("unrelated", "old-root")]
    public async Task Client_verifies_with_either_root_whatever_the_machine_trusts(string ofMachine, string ofClient)
    {
        Directory.CreateDirectory(_folder.At("manifests"));
        File.WriteAllText(_folder.At("manifests/m.yaml"), Served("leaf", "intermediate", "cross"));
        var trusted = _folder.Write("trusted.pem", Pki.Pem[ofMachine]);
        using var run = ControllerProcess.Start(
            _folder, ["run", "--manifests", _folder.At("manifests"), "--bind-address", "127.0.0.1", "--http-port=0", "--https-port=0", "--admin-port=0"],
            ("SSL_CERT_FILE", trusted), ("SSL_CERT_DIR", _folder.At("none")));
        await run.WaitForAsync("ready: 1 Ingresses");
        await run.WaitForAsync("listening on 127.0.0.1: ");

        var port = int.Parse(HttpsPort().Match(run.Out).Groups[1].Value);
        var output = await OpenSslAsync(
            port, $"-CAfile {_folder.Write("client.pem", Pki.Pem[ofClient])} -no-CApath -no-CAstore -verify_return_error -verify_hostname app.example");

        Assert.Contains("Verify return code: 0 (ok)", output, StringComparison.Ordinal);
        Assert.Equal(["leaf", "intermediate", "cross"], Sent(output));
    }

    /// <summary>What a version of .NET without the constructor would do.</summary>
    [Theory]
    [InlineData]
    [InlineData("intermediate")]
    [InlineData("intermediate", "cross")]
    public void Chain_that_has_to_be_built_is_built_from_the_given_certificates(params string[] others)
    {
        var leaf = X509Certificate2.CreateFromPem(Pki.Pem["leaf"], Pki.KeyPem);
        var given = new X509Certificate2Collection();
        foreach (var name in others)
            given.ImportFromPem(Pki.Pem[name]);

        var context = CertificateChain.BuiltContextOf(leaf, given);

        Assert.Equal(others, context.IntermediateCertificates.Select(NameOf));
    }

    private static string Served(params string[] chain) =>
        Pki.Secret(chain) + Manifests.Service("web", [1]) + Manifests.Ingress("i", "app.example", "web", tlsSecret: "s");

    private static string[] Sent(string output)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(output.AsSpan()[output.IndexOf("Certificate chain", StringComparison.Ordinal)..output.IndexOf("Server certificate", StringComparison.Ordinal)]);
        return [.. chain.Select(NameOf)];
    }

    private static string NameOf(X509Certificate2 certificate) => Pki.Pem.Single(entry => entry.Value == certificate.ExportCertificatePem()).Key;

    private static async Task<string> OpenSslAsync(int port, string options = "")
    {
        var start = new ProcessStartInfo("openssl", $"s_client -connect 127.0.0.1:{port} -servername app.example -showcerts {options}")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return await output + await error;
    }

    [GeneratedRegex(@"HTTPS on (\d+)")]
    private static partial Regex HttpsPort();
}
