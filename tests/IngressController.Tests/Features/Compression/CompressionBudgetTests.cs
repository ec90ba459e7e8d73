using IngressController.Features.Compression;
using IngressController.Overload;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Compression;

/// <summary>The memory of compressors, and the settings of all Ingresses.</summary>
public sealed class CompressionBudgetTests
{
    [Fact]
    public void A_budget_is_not_exceeded()
    {
        var budget = new CompressorBudget(100);
        Assert.True(budget.TryTake(60));
        Assert.False(budget.TryTake(41));
        Assert.True(budget.TryTake(40));
        budget.Return(60);
        Assert.Equal(40, budget.Used);
        Assert.True(budget.TryTake(60));
    }

    [Fact]
    public void The_budget_is_a_part_of_the_memory() => Assert.Equal(
        32L << 20, CompressorBudget.Of(new MachineLimits(512L << 20, 512L << 20, 100_000)).MaxBytes);

    [Theory]
    [InlineData("gzip", "gzip", "text/html")]
    [InlineData("br", "br", "application/json")]
    [InlineData("gzip, br", "br", "application/json")]
    [InlineData("gzip, br", "gzip", "text/html")]
    [InlineData("gzip, br", null, "image/png")]
    public async Task The_settings_apply_to_Ingresses_without_annotations(string accepted, string? coding, string type)
    {
        var text = new string('x', 300);
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {text.Length}\r\n\r\n{text}");
        await using var controller = await TestController.StartAsync(
            Manifests.Service("app", [backend.Port]) + Manifests.Ingress("app", "app.example", "app") + """
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            data: {use-gzip: "true", gzip-types: text/css, enable-brotli: "true", brotli-types: application/json, brotli-min-length: "300"}
            """.Replace("enable-brotli: \"true\"", coding == "gzip" ? "enable-brotli: \"false\"" : "enable-brotli: \"true\"", StringComparison.Ordinal),
            options => options with { Translation = options.Translation with { ConfigMap = new ResourceName("default", "settings") } });
        var response = await WireConnection.ExchangeAsync(controller.HttpPort, $"GET / HTTP/1.1\r\nHost: app.example\r\nAccept-Encoding: {accepted}\r\n\r\n");
        Assert.Equal((coding, text), (response.One("Content-Encoding"), CompressionFixture.Decode(response)));
    }
}
