using IngressController.Tests.Fakes;

namespace IngressController.Tests.FullStack;

public sealed class ReadinessTests
{
    [Fact]
    public async Task An_empty_cluster_is_ready()
    {
        await using var stack = await TestStack.CreateAsync();
        foreach (var service in new[] { "a", "b" })
        {
            stack.Server.Delete("Service", null, service);
            stack.Server.Delete("EndpointSlice", null, $"{service}-0");
        }

        stack.Server.Delete("IngressClass", null, "yarp");
        await stack.StartControllerAsync();
        await stack.UntilReadyAsync();
        Assert.Equal("404", await stack.AnswerAsync("app.example"));
    }

    [Theory]
    [InlineData("ingresses", "ingresses.networking.k8s.io")]
    [InlineData("ingressclasses", "ingressclasses.networking.k8s.io")]
    [InlineData("services", "services")]
    [InlineData("endpointslices", "endpointslices.discovery.k8s.io")]
    [InlineData("secrets", "secrets")]
    [InlineData("configmaps", "configmaps")]
    public async Task Readiness_waits_for_every_list(string resource, string name)
    {
        await using var stack = await TestStack.CreateAsync();
        stack.Server.Upsert(Manifests.Ingress("app", "app.example", "a"));
        var held = new TaskCompletionSource();
        stack.Server.Intercept(request => request.Resource == resource, _ => held.Task);
        await stack.StartControllerAsync();
        await stack.UntilReadyzAsync(text => text == $"not ready: waiting for {name}");

        held.SetResult();
        await stack.UntilReadyAsync();
        await stack.UntilAnswerAsync("app.example", "a");
    }

    [Fact]
    public async Task Forbidden_list_is_named_with_its_reason()
    {
        await using var stack = await TestStack.CreateAsync();
        stack.Server.ForbiddenResources = ["secrets"];
        await stack.StartControllerAsync();
        await stack.UntilReadyzAsync(text => text.StartsWith("not ready: waiting for secrets (forbidden: ", StringComparison.Ordinal));
        await stack.UntilLoggedAsync("cannot watch secrets in all namespaces: forbidden: ");
        stack.Server.ForbiddenResources = [];
        await stack.UntilReadyAsync();
    }

    [Fact]
    public async Task Unreachable_API_server_is_logged_once_and_the_replica_becomes_ready_later()
    {
        await using var stack = await TestStack.CreateAsync(https: true);
        await stack.Server.StopAsync();
        await stack.StartControllerAsync();
        await stack.UntilReadyzAsync(text =>
            text.StartsWith("not ready: waiting for configmaps, endpointslices.discovery.k8s.io, ", StringComparison.Ordinal)
            && text.EndsWith("services (the API server cannot be reached: Connection refused)", StringComparison.Ordinal));
        // Six watches, each with many attempts within milliseconds.
        await stack.UntilLoggedAsync("next attempt in", times: 30);
        Assert.Single(stack.Log.Lines, line => line.Contains("the API server cannot be reached", StringComparison.Ordinal));

        await stack.Server.StartAsync();
        await stack.UntilReadyAsync();
    }
}
