using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IngressController.ClusterTests.Fixture;

/// <summary>A real etcd and kube-apiserver on free ports of 127.0.0.1. The API server can be restarted with the same data.</summary>
internal sealed class ApiServer : IDisposable
{
    /// <summary>
    /// The time limit of one start, which takes two seconds on an idle machine. After it, the server is killed and restarted.
    /// </summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(40);

    private const int MaxStarts = 3;

    /// <summary>
    /// The endpoint of the Service kubernetes, which no test uses; from the range for documentation (RFC 5737). By default, a server that
    /// listens on a loopback address uses the address of the default route, which a network namespace does not have.
    /// </summary>
    private const string AdvertisedAddress = "192.0.2.1";

    private const string Ipv4Range = "10.96.0.0/16";

    private const string Ipv6Range = "fd00:10:96::/108";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ingress-cluster-");
    private readonly List<ChildProcess> _drained = [];
    private readonly int _port = FreePort.Take();
    private ChildProcess? _server;

    public ApiServer()
    {
        Etcd = new EtcdServer(Path.Combine(_folder.FullName, "etcd"));
        Etcd.Start();
        File.WriteAllText(AuditPolicyFile, AuditLog.PolicyWithReadsOf(ServiceAccounts.OfCharts.Select(ServiceAccounts.UserOf)));
        ApiServerFiles.Write(_folder.FullName);
    }

    public Uri Address => new($"https://127.0.0.1:{_port}");

    public EtcdServer Etcd { get; }

    private string AuditPolicyFile => Path.Combine(_folder.FullName, "audit-policy.yaml");

    private string CertificateFolder => Path.Combine(_folder.FullName, "certs");

    /// <summary>The audit log of the API server, across its restarts.</summary>
    public AuditLog Audit => new(Path.Combine(_folder.FullName, "audit.log"));

    /// <summary>True if Services can have addresses of both families; false if the server rejects a second range at startup.</summary>
    public bool IsDualStack { get; private set; } = true;

    /// <summary>True if the API server and its etcd run; they may still be starting.</summary>
    public bool IsRunning => _server is { HasExited: false } && Etcd.IsRunning;

    /// <summary>Starts the API server and waits until it is ready; it keeps its port, its certificate and, in etcd, its objects.</summary>
    public async Task StartAsync(HttpClient client)
    {
        Etcd.EnsureStarted();
        var failures = new List<string>();
        while (failures.Count < MaxStarts)
        {
            await Wait.UntilAsync(() => Task.FromResult(FreePort.IsFree(_port)), $"port {_port} is free");
            Start();
            if (await IsReadyAsync(client))
                return;
            if (IsDualStack && await RejectsSecondRangeAsync())
            {
                IsDualStack = false;
                continue;
            }

            failures.Add($"{(IsRunning ? "not ready" : "ended")}:\n{_server!.LastOutput}");
            Kill();
        }

        Assert.Fail($"the API server did not start in {MaxStarts} attempts of {StartLimit.TotalSeconds} s\n{string.Join("\n", failures)}\netcd:\n{Etcd.LastOutput}");
    }

    private async Task<bool> RejectsSecondRangeAsync()
    {
        if (_server is not { HasExited: true } ended)
            return false;
        // Waits for the whole output.
        await ended.WaitForExitAsync(StartLimit);
        return ended.Output.Contains("secondary service cluster-ip range", StringComparison.Ordinal);
    }

    /// <summary>Fails with their output if the API server or etcd has ended without being stopped by a test.</summary>
    public void RequireRunning()
    {
        if (Etcd.HasEnded)
            Assert.Fail($"etcd has ended:\n{Etcd.LastOutput}");
        if (_server is { HasExited: true })
            Assert.Fail($"the API server has ended:\n{_server.LastOutput}");
    }

    private void Start() => _server = ChildProcess.Start(ClusterAssets.ApiServer,
    [
        .. ApiServerFiles.Arguments(_folder.FullName, Etcd.Address, IsDualStack ? $"{Ipv4Range},{Ipv6Range}" : Ipv4Range),
        $"--cert-dir={CertificateFolder}", $"--secure-port={_port}", "--bind-address=127.0.0.1", $"--advertise-address={AdvertisedAddress}",
        $"--audit-policy-file={AuditPolicyFile}", $"--audit-log-path={Audit.Path}", "--audit-log-maxsize=1000",
    ]);

    /// <summary>Kills the API server, as a crash or a lost node does.</summary>
    public void Kill()
    {
        _server?.Dispose();
        _server = null;
    }

    /// <summary>Shuts the API server down and waits until it no longer listens; it serves its open watches for up to a minute.</summary>
    public async Task DrainAsync()
    {
        _server!.Terminate();
        _drained.Add(_server);
        _server = null;
        await Wait.UntilAsync(async () => !await ListensAsync(), "the API server stops listening");
    }

    private async Task<bool> ListensAsync()
    {
        using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await probe.ConnectAsync(IPAddress.Loopback, _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Kills the servers that <see cref="DrainAsync"/> left running.</summary>
    public void KillDrained()
    {
        Assert.DoesNotContain(_drained, server => server.HasExited);
        _drained.ForEach(server => server.Dispose());
        _drained.Clear();
    }

    /// <summary>Polls readyz until the API server is ready.</summary>
    private async Task<bool> IsReadyAsync(HttpClient client)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < StartLimit && IsRunning)
        {
            try
            {
                using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                using var answer = await client.GetAsync(new Uri(Address, "/readyz"), timeout.Token);
                if (answer.IsSuccessStatusCode)
                    return true;
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
            {
                // The server does not listen yet, or does not serve yet.
            }

            await Task.Delay(50);
        }

        return false;
    }

    /// <summary>Writes a kubeconfig with a token; the server's certificate, created at its start, is its own authority.</summary>
    public string WriteKubeconfig(string token, Uri? address = null)
    {
        var path = Path.Combine(_folder.FullName, $"kubeconfig-{token}{address?.Port}");
        File.WriteAllText(path, $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test} }]
            clusters: [{name: test, cluster: {server: "{{address ?? Address}}", certificate-authority: "{{Path.Combine(CertificateFolder, "apiserver.crt")}}"} }]
            users: [{name: test, user: {token: "{{token}}"} }]
            """);
        return path;
    }

    public void Dispose()
    {
        Kill();
        _drained.ForEach(server => server.Dispose());
        Etcd.Kill();
        _folder.Delete(recursive: true);
    }
}
