using IngressController.Tests.Fakes;

namespace IngressController.Tests.FullStack;

/// <summary>An object that does not decode is reported, keeps its last state and does not affect others.</summary>
public sealed class UndecodableTests
{
    private const string Undecodable = """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: NAME}
        spec: {ingressClassName: yarp, rules: {this: is, no: list} }
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Undecodable_object_of_the_initial_list_is_reported(bool watchList)
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            server.SupportsWatchList = watchList;
            server.Upsert(Undecodable.Replace("NAME", "broken", StringComparison.Ordinal));
        });
        Assert.Equal(["Ingress broken: ObjectUnreadable"], await stack.DiagnosticsAsync());

        stack.Server.Upsert(Manifests.Ingress("broken", "fixed.example", "b"));
        await stack.UntilAnswerAsync("fixed.example", "b");
        Assert.Empty(await stack.DiagnosticsAsync());
    }

    [Fact]
    public async Task Undecodable_change_keeps_the_last_state()
    {
        await using var stack = await TestStack.StartAsync();
        stack.Server.Upsert(Undecodable.Replace("NAME", "app", StringComparison.Ordinal));
        stack.Server.Upsert(Manifests.Ingress("other", "other.example", "b"));
        await stack.UntilAnswerAsync("other.example", "b");
        Assert.Equal("a", await stack.AnswerAsync("app.example"));
        await stack.UntilDiagnosticsAsync("Ingress app: ObjectUnreadable");

        // A relist does not remove its last state either.
        stack.Server.FailWatches(410, "Expired");
        stack.Server.Upsert(Manifests.Ingress("other", "other.example", "a"));
        await stack.UntilAnswerAsync("other.example", "a");
        Assert.Equal("a", await stack.AnswerAsync("app.example"));
        Assert.Equal(["Ingress app: ObjectUnreadable"], await stack.DiagnosticsAsync());

        stack.Server.Delete("Ingress", null, "app");
        await stack.UntilAnswerAsync("app.example", "404");
        await stack.UntilDiagnosticsAsync();
    }

    [Fact]
    public async Task Diagnostic_of_an_undecodable_object_ends_with_its_deletion()
    {
        await using var stack = await TestStack.StartAsync(server => server.Upsert(Undecodable.Replace("NAME", "broken", StringComparison.Ordinal)));
        stack.Server.Delete("Ingress", null, "broken");
        await stack.UntilDiagnosticsAsync();
    }
}
