using System.Text.RegularExpressions;

namespace IngressController.Tests.Architecture;

/// <summary>What a request or a connection can cause is logged with a limit, or at level debug.</summary>
public sealed partial class ClientLogTests
{
    /// <summary>The folders of code that clients reach.</summary>
    private static readonly string[] Folders = ["Exchanges", "Features", "Forwarding", "Http", "Http2", "Listeners", "Matching", "Overload", "Pipeline", "Proxy", "Shutdown", "Tls", "TrustedProxies", "Upstream"];

    /// <summary>Files whose lines come once for a process, a start, a shutdown, a revision, a threshold or a problem, however many clients there are.</summary>
    private static readonly string[] Exempt =
    [
        "Features/JsonWebTokens/JwtKeySets.cs", "Features/SessionAffinity/SessionKey.cs", "Listeners/ListenerGate.cs", "Shutdown/DrainService.cs", "Tls/CertificateStore.cs", "Tls/TlsBuffers.cs", "Overload/OverloadMonitor.cs",
    ];

    [Fact]
    public void Lines_that_clients_cause_are_limited()
    {
        var root = RepositoryFile.Find("src", "IngressController");
        var files = Folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => LoggedMessage().IsMatch(File.ReadAllText(file))).ToArray();
        var unlimited = files.Where(file => !File.ReadAllText(file).Contains("FailureLogLimit", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'));

        Assert.NotEmpty(files);
        Assert.Equal(Exempt.Order(StringComparer.Ordinal), unlimited.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"\[LoggerMessage\((?!Level = LogLevel\.(Debug|Trace))")]
    private static partial Regex LoggedMessage();
}
