namespace IngressController.ClusterTests.Fixture;

/// <summary>One API server for all tests; they run one after the other, each in a namespace and with hosts of its own.</summary>
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
        Capabilities = await ApiCapabilities.AskAsync(Client, Server.IsDualStack);
        await Client.AddEndpointSlicesAsync();
        if (await Client.WhyRefusedAsync(Manifests.Slice("probe", 80), "default") is { } reason)
            Assert.Fail($"the API server refuses the address of the test backends: {reason}; {TestBackend.HowToGiveAnother}");
        await Client.ApplyAsync(Manifests.OurClass);
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

    /// <summary>Starts the API server (again).</summary>
    internal Task StartAsync() => Server.StartAsync(Client.Http);

    /// <summary>A test that stopped the API server and failed must not take the others with it.</summary>
    internal Task EnsureRunningAsync() => ClusterAssets.Missing is not null || Server.IsRunning ? Task.CompletedTask : StartAsync();

    /// <summary>A namespace that no other test uses.</summary>
    internal async Task<string> NewNamespaceAsync()
    {
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        await Client.ApplyAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
        return name;
    }

    /// <summary>A namespace with the Services a and b in front of the test backends.</summary>
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
