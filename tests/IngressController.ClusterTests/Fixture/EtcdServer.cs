using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace IngressController.ClusterTests.Fixture;

/// <summary>A real etcd on free ports of 127.0.0.1, which can be restarted with the same data.</summary>
internal sealed class EtcdServer(string dataFolder)
{
    private readonly int _port = FreePort.Take();
    private readonly int _peerPort = FreePort.Take();
    private ChildProcess? _process;

    /// <summary>The address, without a trailing slash because etcd accepts no path.</summary>
    public string Address => $"http://127.0.0.1:{_port}";

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>True if it ended without being killed.</summary>
    public bool HasEnded => _process is { HasExited: true };

    public string LastOutput => _process?.LastOutput ?? "";

    public void EnsureStarted()
    {
        if (_process is null)
            Start();
    }

    /// <summary>Starts or restarts etcd, with the same data.</summary>
    public void Start()
    {
        var peer = $"http://127.0.0.1:{_peerPort}";
        _process = ChildProcess.Start(ClusterAssets.Etcd,
        [
            "--data-dir", dataFolder,
            "--listen-client-urls", Address, "--advertise-client-urls", Address,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"default={peer}",
        ]);
    }

    /// <summary>Kills etcd; the API server continues without storage.</summary>
    public void Kill()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Removes all versions but the newest, over HTTP because etcdctl may be missing.</summary>
    public async Task CompactAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(Address) };
        using var range = await client.PostAsJsonAsync("/v3/kv/range", new { key = Convert.ToBase64String("/"u8) });
        var newest = (await range.Content.ReadFromJsonAsync<JsonNode>())!["header"]!["revision"]!.GetValue<string>();
        using var compacted = await client.PostAsJsonAsync("/v3/kv/compaction", new { revision = newest, physical = true });
        compacted.EnsureSuccessStatusCode();
    }
}
