using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace IngressController.ClusterTests.Fixture;

/// <summary>
/// Three replicas of the controller, each a process with a service account of its own, so that the API server can distinguish them. They
/// watch one namespace and write the status of its Ingresses. Their lease is short: 4 s, a deadline of 2.5 s, a retry period of 0.5 s.
/// </summary>
internal sealed class Replicas : IAsyncDisposable
{
    /// <summary>The duration of the lease after its holder has died.</summary>
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(4);

    private const string StatusAddress = "203.0.113.7";

    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(0.5);

    private readonly ClusterFixture _cluster;

    private Replicas(ClusterFixture cluster, string @namespace)
    {
        _cluster = cluster;
        Namespace = @namespace;
        All = [.. Accounts.Select(account => new Replica(cluster.Server, account, @namespace, [.. Flags, "--watch-namespace", @namespace]))];
    }

    public static string[] Accounts { get; } = ["child1", "child2", "child3"];

    /// <summary>Maximum time between two reads of the lease by a candidate.</summary>
    public static TimeSpan MaxPause => RetryPeriod * 2.2;

    /// <summary>The namespace of their Pods and their Lease.</summary>
    public string Namespace { get; }

    public Replica[] All { get; }

    private static string[] Flags =>
    [
        "--leader-elect-lease-duration", $"{LeaseDuration.TotalSeconds}", "--leader-elect-renew-deadline", "2.5",
        "--leader-elect-retry-period", $"{RetryPeriod.TotalSeconds}", "--shutdown-delay", "2",
        "--publish-status-address", StatusAddress,
    ];

    public static async Task<Replicas> StartAsync(ClusterFixture cluster, string @namespace)
    {
        cluster.Server.RequireRunning();
        var replicas = new Replicas(cluster, @namespace);
        await Task.WhenAll(replicas.All.Select(replica => replica.UntilReadyAsync()));
        return replicas;
    }

    /// <summary>Replaces a process with a new one; the old one continues, and is returned when the new one is ready.</summary>
    public async Task<Replica> ReplaceAsync(int index)
    {
        var old = All[index];
        All[index] = new Replica(_cluster.Server, old.Account, Namespace, [.. Flags, "--watch-namespace", Namespace]);
        await All[index].UntilReadyAsync();
        return old;
    }

    /// <summary>Waits until one of the running replicas reports that it leads.</summary>
    public async Task<Replica> UntilLeaderAsync(params Replica[] except)
    {
        Replica? leader = null;
        await Wait.UntilAsync(
            async () =>
            {
                foreach (var replica in All.Except(except))
                {
                    if (!replica.CanAnswer || !await replica.IsLeaderAsync())
                        continue;
                    leader = replica;
                    return true;
                }

                return false;
            },
            "one replica leads", () => string.Join("\n", All.Select(replica => $"{replica.Account}:\n{replica.Output}")));
        return leader!;
    }

    /// <summary>Returns the number of running replicas that report that they lead.</summary>
    public async Task<int> CountLeadersAsync() =>
        (await Task.WhenAll(All.Where(replica => replica.CanAnswer).Select(replica => replica.IsLeaderAsync()))).Count(isLeader => isLeader);

    /// <summary>Waits until a replica has written a status: the leader's writes besides the Lease are under test.</summary>
    public Task UntilWroteStatusAsync(Replica replica) => Wait.UntilAsync(
        async () => (await WritesAsync()).Any(write => write.User == replica.User && write.Resource == "ingresses/status" && write.IsDone),
        $"{replica.Account} writes a status", () => replica.Output);

    /// <summary>Waits until all Ingresses of the namespace have a status.</summary>
    /// <param name="count">Minimum number of Ingresses.</param>
    public async Task UntilAllHaveStatusAsync(int count)
    {
        string[] addresses = [];
        await Wait.UntilAsync(
            async () =>
            {
                var list = await _cluster.Client.Http.GetFromJsonAsync<JsonNode>($"/apis/networking.k8s.io/v1/namespaces/{Namespace}/ingresses");
                addresses = [.. list!["items"]!.AsArray().Select(item => item!["status"]?["loadBalancer"]?["ingress"]?[0]?["ip"]?.GetValue<string>() ?? "none")];
                return addresses.Length >= count && addresses.All(address => address == StatusAddress);
            },
            "all Ingresses have a status", () => $"{addresses.Count(address => address == StatusAddress)} of {addresses.Length}");
    }

    /// <summary>Returns all writes of the replicas, in the order of their arrival at the API server.</summary>
    public async Task<AuditedWrite[]> WritesAsync()
    {
        var lease = $"{Namespace}/yarp-ingress-leader";
        return [.. (await _cluster.Server.Audit.WritesAsync(Accounts.Select(ServiceAccounts.UserOf))).SkipWhile(write => !(write.IsLease && write.Name == lease))];
    }

    /// <summary>
    /// Checks in the audit log that there was one writer at a time: the Lease changes its holder only after a release or its expiry, and
    /// only the holder writes other objects. Rejected writes are included.
    /// </summary>
    public async Task RequireOneWriterAtATimeAsync()
    {
        var writes = await WritesAsync();
        AuditedWrite? held = null;
        foreach (var write in writes)
        {
            if (!write.IsLease)
            {
                Assert.True(held is { Holder.Length: > 0 } && held.User == write.User, $"{write}\nis not a write of the holder, which is {held}");
                continue;
            }

            if (!write.IsDone)
                continue;
            if (held is { Holder.Length: > 0 } && held.User != write.User)
            {
                // Both times are of the server's clock; a write takes effect between its arrival and its response.
                Assert.True(write.Completed - held.Received >= LeaseDuration, $"{write}\nacquires a lease that has not expired:\n{held}");
            }

            held = write;
        }

        Assert.NotNull(held);
    }

    public ValueTask DisposeAsync()
    {
        foreach (var replica in All)
            replica.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A process of the controller.</summary>
internal sealed class Replica : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly int _http = FreePort.Take();
    private readonly int _https = FreePort.Take();
    private readonly int _admin = FreePort.Take();
    private readonly ChildProcess _process;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private bool _isSuspended;

    public Replica(ApiServer server, string account, string @namespace, IEnumerable<string> flags)
    {
        Account = account;
        Proxy = new ProxyClient(() => _http, () => _https);
        _process = ChildProcess.StartController(
            [
                "run", "--kubeconfig", server.WriteKubeconfig(ServiceAccounts.TokenOf(account)),
                "--bind-address", "127.0.0.1", "--http-port", $"{_http}", "--https-port", $"{_https}", "--admin-port", $"{_admin}", .. flags,
            ],
            ("POD_NAMESPACE", @namespace), ("POD_NAME", account));
    }

    public string Account { get; }

    /// <summary>The user name in the API server.</summary>
    public string User => ServiceAccounts.UserOf(Account);

    public ProxyClient Proxy { get; }

    public Tests.Shutdown.Replica Ports => new(_http, _https, _admin);

    public string Output => _process.Output;

    public bool CanAnswer => !_isSuspended && !_process.HasExited;

    public async Task UntilReadyAsync()
    {
        await _process.UntilOutputAsync("listening on ", Limit);
        await _process.UntilOutputAsync("ready: ", Limit);
    }

    public Task UntilOutputAsync(string text) => _process.UntilOutputAsync(text, Limit);

    /// <summary>Returns the leader that its admin port reports.</summary>
    public async Task<JsonNode> LeaderAsync() => (await _client.GetFromJsonAsync<JsonNode>($"http://127.0.0.1:{_admin}/api/leader"))!;

    public async Task<bool> IsLeaderAsync()
    {
        try
        {
            return (await LeaderAsync())["isLeader"]!.GetValue<bool>();
        }
        catch (HttpRequestException)
        {
            // The process has just ended.
            return false;
        }
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM.</summary>
    public void Terminate() => _process.Terminate();

    /// <returns>The exit code.</returns>
    public Task<int> WaitForExitAsync() => _process.WaitForExitAsync(Limit);

    /// <summary>SIGSTOP.</summary>
    public void Suspend()
    {
        _isSuspended = true;
        _process.Suspend();
    }

    /// <summary>SIGCONT.</summary>
    public void Resume()
    {
        _process.Resume();
        _isSuspended = false;
    }

    public void Dispose()
    {
        _process.Dispose();
        _client.Dispose();
        Proxy.Dispose();
    }
}
