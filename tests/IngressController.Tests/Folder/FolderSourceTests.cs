using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using IngressController.Demo;
using IngressController.Pipeline;
using IngressController.Reconciliation;
using IngressController.Routing.Translation;
using IngressController.Sources;
using IngressController.Sources.Folder;
using IngressController.Tests.Fakes;
using IngressController.Views;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace IngressController.Tests.Folder;

/// <summary>The folder source of a running controller, with traffic.</summary>
public sealed class FolderSourceTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly EchoPod[] Pods = [new("a", "a-1"), new("b", "b-1")];

    private EchoBackend _backend = null!;
    private TestController _controller = null!;

    private string ToA => Services + Manifests.Ingress("i", "app.example", "a");

    private string ToB => Services + Manifests.Ingress("i", "app.example", "b");

    private string Services => Manifests.Service("a", [_backend.Ports[Pods[0]]]) + Manifests.Service("b", [_backend.Ports[Pods[1]]]);

    private LiveRevision Live => _controller.Services.GetRequiredService<LiveRevision>();

    public async Task InitializeAsync()
    {
        _backend = await EchoBackend.StartAsync(Pods, CancellationToken.None);
        _controller = await TestController.StartAsync("");
    }

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Empty_folder_is_ready_and_polling_makes_no_revision()
    {
        var store = _controller.Services.GetRequiredService<ClusterStore>();
        var live = Live.Current.Translation;

        Read();

        Assert.Same(live.Snapshot, store.Snapshot);
        Assert.Same(live, Live.Current.Translation);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync());
    }

    [Fact]
    public async Task A_changed_file_is_live_within_200_ms()
    {
        await WriteAsync("manifests.yaml", ToA, "a");
        var times = new List<double>();
        for (var round = 0; round < 20; round++)
        {
            var service = round % 2 == 0 ? "b" : "a";
            var text = round % 2 == 0 ? ToB : ToA;
            var start = Stopwatch.GetTimestamp();
            await WriteAsync("manifests.yaml", text, service);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        output.WriteLine($"write of a file to the first answer of the new backend: median {times[10]:0} ms, slowest {times[^1]:0} ms");
        // The intended delays add up to less than 200 ms; the upper limit allows for a loaded machine. Polling would take two seconds.
        Assert.InRange(FolderClusterSource.Settle + ReconcileLoop.MaxPause, TimeSpan.Zero, TimeSpan.FromMilliseconds(150));
        Assert.InRange(times[10], 0, 1000);
    }

    [Fact]
    public async Task Atomic_rename_and_deleted_file_are_applied()
    {
        await WriteAsync("manifests.yaml", ToA, "a");
        await File.WriteAllTextAsync(At("manifests.yaml.tmp"), ToB);
        File.Move(At("manifests.yaml.tmp"), At("manifests.yaml"), overwrite: true);
        await ServedByAsync("b");

        File.Delete(At("manifests.yaml"));
        await _controller.UntilAsync(live => live.Table.Hosts.Count == 0);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync());
    }

    [Fact]
    public async Task Subfolders_are_read_and_hidden_and_temporary_files_are_ignored()
    {
        foreach (var name in (string[])[".shop.yaml.swp", ".hidden.yaml", "shop.yaml~", "#shop.yaml#", "4913", "shop.yaml.tmp", ".git/shop.yaml", "notes.txt"])
            Write(name, "{ half");
        Write("one/two/shop.yml", ToA);

        await ServedByAsync("a");
        Assert.Empty(await DiagnosticsAsync());
        Assert.Equal(0, _controller.Log.CountOf("Warning"));

        Write("one/two/shop.yml", ToB);
        await ServedByAsync("b");
    }

    [Fact]
    public async Task Mounted_ConfigMap_is_replaced_as_a_whole()
    {
        void Version(string name, string ingress)
        {
            Write($"{name}/services.yaml", Services);
            Write($"{name}/ingress.yaml", ingress);
            File.CreateSymbolicLink(At("..data_tmp"), name);
            Posix.Rename(At("..data_tmp"), At("..data"));
        }

        Version("..2024_01", Manifests.Ingress("i", "app.example", "a"));
        File.CreateSymbolicLink(At("services.yaml"), "..data/services.yaml");
        File.CreateSymbolicLink(At("ingress.yaml"), "..data/ingress.yaml");
        await ServedByAsync("a");

        Version("..2024_02", Manifests.Ingress("i", "app.example", "b"));
        Directory.Delete(At("..2024_01"), recursive: true);
        await ServedByAsync("b");
        Assert.Empty(await DiagnosticsAsync());
    }

    [Fact]
    public async Task Half_written_file_keeps_its_last_content_and_is_reported()
    {
        await WriteAsync("manifests.yaml", ToA, "a");
        Write("manifests.yaml", ToB[..^30]);

        await _controller.Log.WaitForAsync("manifests.yaml:");
        Read();

        Assert.Equal("a", await ServiceAsync());
        var diagnostic = Assert.Single(await DiagnosticsAsync());
        Assert.Contains("is not valid YAML", diagnostic.Message, StringComparison.Ordinal);
        Assert.EndsWith("; its last valid version stays in use", diagnostic.Message, StringComparison.Ordinal);

        await WriteAsync("manifests.yaml", ToB, "b");
        Assert.Empty(await DiagnosticsAsync());
    }

    [Fact]
    public async Task Invalid_object_keeps_its_last_version_and_its_diagnostic_stays()
    {
        await WriteAsync("manifests.yaml", ToA, "a");
        Write("manifests.yaml", ToB.Replace("metadata: {name: i, annotations: {}", "metadata: {name: i, annotations: {x: true}", StringComparison.Ordinal));
        Write("other.yaml", Manifests.Ingress("j", "other.example", "b"));

        await _controller.UntilAsync(live => live.Table.Hosts.ContainsKey("other.example"));
        Read();

        Assert.Equal("a", await ServiceAsync());
        var diagnostic = Assert.Single(await DiagnosticsAsync());
        Assert.Equal(("Ingress", "default", "i", "metadata.annotations.x"), (diagnostic.Kind, diagnostic.Namespace, diagnostic.Name, diagnostic.Field));
        Assert.StartsWith("manifests.yaml:", diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unreadable_file_keeps_its_last_content()
    {
        await WriteAsync("manifests.yaml", ToA, "a");
        // Even root gets an I/O error from this file.
        File.CreateSymbolicLink(At("link.tmp"), "/proc/self/mem");
        File.Move(At("link.tmp"), At("manifests.yaml"), overwrite: true);
        await _controller.Log.WaitForAsync("manifests.yaml:1:");
        Read();
        Assert.Equal("a", await ServiceAsync());
        Assert.Single(await DiagnosticsAsync());

        File.CreateSymbolicLink(At("link.tmp"), "nowhere.yaml");
        File.Move(At("link.tmp"), At("manifests.yaml"), overwrite: true);
        await _controller.Log.WaitForAsync("manifests.yaml:1:", count: 2);
        Assert.Equal("a", await ServiceAsync());

        File.Delete(At("manifests.yaml"));
        await WriteAsync("manifests.yaml", ToB, "b");
        Assert.Empty(await DiagnosticsAsync());
    }

    [Fact]
    public async Task Deleted_folder_stays_in_use_and_is_watched_when_it_is_recreated()
    {
        await WriteAsync("manifests.yaml", ToA, "a");
        Directory.Delete(_controller.Folder, recursive: true);
        await _controller.Log.WaitForAsync("the folder does not exist");
        Assert.Equal("a", await ServiceAsync());
        Assert.Contains(await DiagnosticsAsync(), diagnostic => diagnostic.Kind == "Folder");

        Directory.CreateDirectory(_controller.Folder);
        await WriteAsync("manifests.yaml", ToB, "b");
        Assert.Empty(await DiagnosticsAsync());

        await RequireWatchedAsync();
        Assert.Equal(1, _controller.Log.CountOf("the folder does not exist"));
    }

    [Fact]
    public async Task Folder_that_replaces_another_is_watched()
    {
        await WriteAsync("manifests.yaml", ToA, "a");
        using var other = new TempFolder();
        other.Write("manifests.yaml", ToB);
        Directory.Move(_controller.Folder, _controller.Folder + "-old");
        Directory.Move(other, _controller.Folder);
        await ServedByAsync("b");

        await RequireWatchedAsync();
        Directory.Delete(_controller.Folder + "-old", recursive: true);
    }

    [Fact]
    public async Task Link_to_a_folder_is_followed_when_its_target_changes()
    {
        using var folder = new TempFolder();
        folder.Write("one/m.yaml", ToA);
        folder.Write("two/m.yaml", ToB);
        Directory.CreateSymbolicLink(folder.At("current"), "one");
        await using var controller = await TestController.StartAsync(
            "", options => options with { Source = options.Source with { Manifests = folder.At("current") } });
        Assert.Equal("default/a:80", Backend(controller.Services.GetRequiredService<LiveRevision>().Current.Translation));

        await RequireWatchedAsync(service => ChangeAsync(service, () => folder.Write("one/m.yaml", service == "a" ? ToA : ToB)), first: "b", second: "a");
        await RequireWatchedAsync(service => ChangeAsync(service, () => Turn(service == "a" ? "one" : "two")), first: "b", second: "a");
        Turn("two");
        await controller.UntilAsync(live => Backend(live) == "default/b:80");
        await RequireWatchedAsync(service => ChangeAsync(service, () => folder.Write("two/m.yaml", service == "a" ? ToA : ToB)), first: "a", second: "b");

        Task ChangeAsync(string service, Action change)
        {
            change();
            return controller.UntilAsync(live => Backend(live) == $"default/{service}:80");
        }

        void Turn(string target)
        {
            Directory.CreateSymbolicLink(folder.At("next"), target);
            Posix.Rename(folder.At("next"), folder.At("current"));
        }
    }

    [Fact]
    public async Task Last_of_two_objects_with_one_name_applies_and_the_other_is_reported()
    {
        Write("services.yaml", Services);
        Write("2.yaml", Manifests.Ingress("i", "app.example", "b"));
        Write("1.yaml", Manifests.Ingress("i", "app.example", "a"));
        await ServedByAsync("b");
        var diagnostic = Assert.Single(await DiagnosticsAsync());
        Assert.Equal(("i", "is also defined at 2.yaml:2, which takes precedence"), (diagnostic.Name, diagnostic.Message));

        File.Delete(At("2.yaml"));
        await ServedByAsync("a");
        Assert.Empty(await DiagnosticsAsync());
    }

    [Fact]
    public async Task Edited_export_with_the_old_version_is_a_change()
    {
        const string Version = "metadata: {name: i, uid: u, resourceVersion: \"1\" }";
        await WriteAsync("manifests.yaml", ToA.Replace("metadata: {name: i, annotations: {} }", Version, StringComparison.Ordinal), "a");
        await WriteAsync("manifests.yaml", ToB.Replace("metadata: {name: i, annotations: {} }", Version, StringComparison.Ordinal), "b");
    }

    [Fact]
    public async Task Cyclic_links_are_not_followed_endlessly()
    {
        Directory.CreateDirectory(At("x"));
        Directory.CreateDirectory(At("y"));
        foreach (var link in (string[])["x/1", "x/2", "y/1", "y/2"])
            Directory.CreateSymbolicLink(At(link), link[0] == 'x' ? "../y" : "../x");
        Directory.CreateSymbolicLink(At("loop"), ".");
        File.CreateSymbolicLink(At("self.yaml"), "self.yaml");
        await WriteAsync("manifests.yaml", ToA, "a");
    }

    [Fact]
    public async Task Change_among_thousands_of_files_is_live_soon()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 3000; i++)
            folder.Write($"{i / 100}/{i}.yaml", Manifests.Ingress($"i{i}", $"h{i}.example", "a"));
        folder.Write("services.yaml", Services);
        var start = Stopwatch.GetTimestamp();
        Directory.Move(folder, At("many"));
        await _controller.UntilAsync(live => live.Table.Hosts.Count == 3000);
        var first = Stopwatch.GetElapsedTime(start);

        start = Stopwatch.GetTimestamp();
        Write("many/7/777.yaml", Manifests.Ingress("i777", "app.example", "b"));
        await ServedByAsync("b");
        var change = Stopwatch.GetElapsedTime(start);

        output.WriteLine($"3000 files: live {first.TotalMilliseconds:0} ms after they came, one change after {change.TotalMilliseconds:0} ms");
        // The limit allows for a loaded machine.
        Assert.InRange(change, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.InRange(Live.Current.Translation.Changes.Hosts.Length, 0, 2);
    }

    private string At(string name) => Path.Combine(_controller.Folder, name);

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), content);
    }

    private async Task WriteAsync(string name, string content, string service)
    {
        Write(name, content);
        await ServedByAsync(service);
    }

    private Task RequireWatchedAsync() =>
        RequireWatchedAsync(service => WriteAsync("manifests.yaml", service == "a" ? ToA : ToB, service), first: "a", second: "b");

    /// <summary>Requires that the folder is watched and not only polled: six polls take twelve seconds, or ten at least.</summary>
    /// <param name="changeToAsync">Routes the traffic to a Service and returns when the change is live.</param>
    /// <param name="first">The Service that is not live yet.</param>
    /// <param name="second">The other Service.</param>
    private static async Task RequireWatchedAsync(Func<string, Task> changeToAsync, string first, string second)
    {
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < 3; round++)
        {
            await changeToAsync(first);
            await changeToAsync(second);
        }

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    /// <summary>Waits for the revision that routes to the Service, then for its response.</summary>
    private async Task ServedByAsync(string service)
    {
        await _controller.UntilAsync(live => Backend(live) == $"default/{service}:80");
        Assert.Equal(service, await ServiceAsync());
    }

    private static string? Backend(Translation live) =>
        live.Table.Hosts.TryGetValue("app.example", out var host) && host.Routes[0].Action is Routing.Table.RouteAction.Forward forward ? forward.Backend.ToString() : null;

    private async Task<string> ServiceAsync() => (await _controller.Client.GetFromJsonAsync<Echo>("http://app.example/"))!.Service;

    private async Task<HttpStatusCode> StatusAsync()
    {
        using var response = await _controller.Client.GetAsync("http://app.example/");
        return response.StatusCode;
    }

    /// <summary>Reads the folder, after a read in progress.</summary>
    private void Read() => ((FolderClusterSource)_controller.Services.GetRequiredService<IClusterSource>()).ReadAll();

    private async Task<DiagnosticView[]> DiagnosticsAsync()
    {
        if (Directory.Exists(_controller.Folder))
            Read();
        using var client = new HttpClient();
        return (await client.GetFromJsonAsync<DiagnosticView[]>($"http://127.0.0.1:{_controller.AdminPort}/api/diagnostics", ViewJson.Options))!;
    }
}
