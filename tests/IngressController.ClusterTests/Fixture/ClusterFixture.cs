namespace IngressController.ClusterTests.Fixture;

/// <summary>An API server for all tests, which run one after the other, each with its own namespace and hosts.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private int _namespaces;

    internal ApiServer Server { get; private set; } = null!;

    internal ClusterClient Client { get; private set; } = null!;

    internal TestBackend Backend { get; private set; } = null!;

    internal ApiCapabilities Capabilities { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (ClusterAssets.Missing is not null)
            return; // every test is skipped

        Server = new ApiServer();
        Client = new ClusterClient(Server.Address, ServiceAccounts.AdminToken);
        Backend = await TestBackend.StartAsync("a", "b");
        await StartAsync();
        Capabilities = await ApiCapabilities.QueryAsync(Client, Server.IsDualStack);
        await Client.AddEndpointSlicesAsync();
        if (await Client.RejectionReasonAsync(Manifests.Slice("probe", 80), "default") is { } reason)
            Assert.Fail($"the API server rejects the address of the test backends: {reason}; {TestBackend.AddressHint}");
        await Client.ApplyAsync(Manifests.YarpClass);
        await Client.ApplyAsync(Manifests.Grant("controller", Manifests.ControllerRules));
        await Client.ApplyAsync(Manifests.GrantStatus("controller"));
        await Client.ApplyAsync(Manifests.GrantLeadership("controller"));
        await Client.ApplyAsync(Manifests.Grant("child", Manifests.ControllerRules));
        foreach (var replica in Replicas.Accounts)
        {
            await Client.ApplyAsync(Manifests.Grant(replica, Manifests.ControllerRules));
            await Client.ApplyAsync(Manifests.GrantLeadership(replica));
            await Client.ApplyAsync(Manifests.GrantStatus(replica));
        }
    }

    /// <summary>Starts or restarts the API server.</summary>
    internal Task StartAsync() => Server.StartAsync(Client.Http);

    /// <summary>Restarts the API server after a test that stopped it and failed, so that the other tests do not fail too.</summary>
    internal Task EnsureRunningAsync() => ClusterAssets.Missing is not null || Server.IsRunning ? Task.CompletedTask : StartAsync();

    /// <summary>Creates a namespace that no other test uses.</summary>
    internal async Task<string> NewNamespaceAsync()
    {
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        await Client.ApplyAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
        return name;
    }

    /// <summary>Creates a namespace with the Services a and b for the test backends.</summary>
    internal async Task<string> NewNamespaceWithServicesAsync()
    {
        var ns = await NewNamespaceAsync();
        foreach (var name in new[] { "a", "b" })
        {
            await Client.ApplyAsync(Manifests.Service(name), ns);
            await Client.ApplyAsync(Manifests.Slice(name, Backend.Port(name)), ns);
        }

        return ns;
    }

    public async Task DisposeAsync()
    {
        if (ClusterAssets.Missing is not null)
            return;
        if (Backend is not null)
            await Backend.DisposeAsync();
        Client?.Dispose();
        Server?.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
