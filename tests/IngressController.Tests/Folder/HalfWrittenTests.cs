using System.Diagnostics;
using System.Net;
using IngressController.Sources.Folder;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using k8s.Models;

namespace IngressController.Tests.Folder;

/// <summary>Files that are valid but half written: only time shows which objects are really gone.</summary>
public sealed class HalfWrittenTests : IDisposable
{
    private static readonly TimeSpan AlmostRemovalDelay = FolderContents.RemovalDelay - TimeSpan.FromMilliseconds(1);

    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _reported = [];
    private readonly FolderContents _contents;

    public HalfWrittenTests() => _contents = new FolderContents(_folder, problem => _reported.Add(problem.Diagnostic.ToString()), _time);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Empty_file_keeps_its_last_content_until_the_delay_is_over()
    {
        Write("one", "two");
        Write();
        Assert.Equal(["one", "two"], Names());
        Assert.Contains("is empty; its previous content stays in use for now", Assert.Single(_reported), StringComparison.Ordinal);
        Assert.Single(_contents.Problems);
        Assert.Equal(FolderContents.RemovalDelay, _contents.ReloadIn);

        _time.Advance(AlmostRemovalDelay);
        Assert.False(_contents.Read());
        Assert.Equal(TimeSpan.FromMilliseconds(1), _contents.ReloadIn);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(_contents.Read());
        Assert.Empty(Names());
        Assert.Empty(_contents.Problems);
        Assert.Null(_contents.ReloadIn);
        Assert.Single(_reported);
    }

    [Fact]
    public void File_truncated_between_documents_keeps_the_rest_while_it_grows()
    {
        Write("one", "two", "three");
        foreach (var written in (string[][])[[], ["one"], ["one", "two"]])
        {
            Write(written);
            _time.Advance(AlmostRemovalDelay);
            Assert.False(_contents.Read());
            Assert.Equal(["one", "three", "two"], Names());
        }

        Write("one", "two", "three");
        Assert.Null(_contents.ReloadIn);
        Assert.Empty(_contents.Problems);
    }

    [Fact]
    public void Invalid_document_restarts_the_delay()
    {
        Write("one", "two");
        Write();
        _folder.Write("m.yaml", Ingress("one")[..^30]);
        _time.Advance(FolderContents.RemovalDelay * 2);
        _contents.Read();
        Assert.Equal(["one", "two"], Names());

        Write("one");
        Assert.Equal(["one", "two"], Names());
        _time.Advance(FolderContents.RemovalDelay);
        Assert.True(_contents.Read());
        Assert.Equal(["one"], Names());
    }

    [Fact]
    public void Added_and_changed_objects_apply_at_once_next_to_kept_ones()
    {
        Write("one", "two");
        _folder.Write("m.yaml", Ingress("one", host: "new.example") + Ingress("three"));
        _contents.Read();
        Assert.Equal(["one", "three", "two"], Names());
        Assert.Equal("new.example", _contents.Objects.Select(item => item.Resource).OfType<V1Ingress>()
            .Single(ingress => ingress.Metadata!.Name == "one").Spec!.Rules![0].Host);
        Assert.Empty(_reported);
    }

    [Fact]
    public void Object_that_moved_to_another_file_is_not_kept()
    {
        Write("one", "two");
        _folder.Write("another.yaml", Ingress("two"));
        Write("one");
        Assert.Equal(["one", "two"], Names());
        Assert.Equal("another.yaml", _contents.Objects.Single(item => item.Resource.Metadata!.Name == "two").File);
    }

    [Fact]
    public void A_deleted_file_keeps_nothing()
    {
        Write("one", "two");
        Write("one");
        File.Delete(_folder.At("m.yaml"));
        Assert.True(_contents.Read());
        Assert.Empty(Names());
        Assert.Null(_contents.ReloadIn);
    }

    [Fact]
    public async Task Traffic_is_served_while_a_file_is_truncated_and_written_later()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("web"));
        var text = Manifests.Service("web", [backend.Port]) + Manifests.Ingress("i", "app.example", "web");
        await using var controller = await TestController.StartAsync(text);
        var file = Path.Combine(controller.Folder, "manifests.yaml");

        for (var round = 1; round <= 3; round++)
        {
            await File.WriteAllTextAsync(file, "");
            await controller.Log.WaitForAsync("is empty; its previous content stays in use for now", round);
            for (var request = 0; request < 5; request++)
                Assert.Equal(HttpStatusCode.OK, await StatusAsync(controller, "app.example"));
            await File.WriteAllTextAsync(file, text + Manifests.Ingress($"i{round}", $"{round}.example", "web"));
            await controller.UntilAsync(live => live.Table.Hosts.ContainsKey($"{round}.example"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(controller, "app.example"));
        }
    }

    [Fact]
    public async Task Deleted_document_is_removed_after_a_second_and_a_deleted_file_at_once()
    {
        await using var controller = await TestController.StartAsync(Ingress("one") + Ingress("two"));
        var file = Path.Combine(controller.Folder, "manifests.yaml");

        var start = Stopwatch.GetTimestamp();
        await File.WriteAllTextAsync(file, Ingress("one"));
        await controller.UntilAsync(live => live.Table.Hosts.Count == 1);
        // The delay begins when the file is read, and timestamps and timers differ by some milliseconds.
        Assert.InRange(Stopwatch.GetElapsedTime(start), AlmostRemovalDelay, TimeSpan.FromSeconds(10));

        File.Delete(file);
        await controller.UntilAsync(live => live.Table.Hosts.Count == 0);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(controller, "one.example"));
    }

    private static string Ingress(string name, string? host = null) => Manifests.Ingress(name, host ?? $"{name}.example", "web");

    private static async Task<HttpStatusCode> StatusAsync(TestController controller, string host)
    {
        using var response = await controller.Client.GetAsync($"http://{host}/");
        return response.StatusCode;
    }

    /// <summary>Writes Ingresses with these names and reads the folder.</summary>
    private void Write(params string[] names)
    {
        _folder.Write("m.yaml", string.Concat(names.Select(name => Ingress(name))));
        Assert.True(_contents.Read());
    }

    private string[] Names() => [.. _contents.Objects.Select(item => item.Resource.Metadata!.Name!).Order(StringComparer.Ordinal)];
}
