using System.Text;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Features.Timeouts;

/// <summary>Controllers with either forwarder, whose clock the tests move.</summary>
public sealed class TimeoutsFixture : IAsyncLifetime
{
    private readonly Dictionary<bool, (TestController Controller, StringBuilder Manifests)> _controllers = [];
    private int _names;

    internal ManualTimeProvider Clock { get; } = new() { RepeatsTimers = true };

    internal TestController Controller(bool direct) => _controllers[direct].Controller;

    internal Task<WireConnection> ConnectAsync(bool direct) => WireConnection.ConnectAsync(Controller(direct).HttpPort);

    public async Task InitializeAsync()
    {
        foreach (var direct in new[] { true, false })
        {
            var controller = await TestController.StartAsync(
                "",
                options => options with
                {
                    Upstream = options.Upstream with { DirectForwarding = direct },
                    Listener = options.Listener with { EventLoops = false },
                },
                Clock);
            _controllers[direct] = (controller, new StringBuilder());
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var (controller, _) in _controllers.Values)
            await controller.DisposeAsync();
    }

    /// <summary>Serves endpoints by a new host with annotations, and returns the host.</summary>
    internal async Task<string> ServeAsync(bool direct, string annotations, IEnumerable<int> ports, bool http2 = false)
    {
        var name = $"t{++_names}";
        var (controller, manifests) = _controllers[direct];
        manifests.Append(Manifests.Service(name, ports, http2 ? "kubernetes.io/h2c" : null)).Append(Manifests.Ingress(name, $"{name}.example", name, annotations: annotations));
        await UntilAsync(controller.ApplyAsync(manifests.ToString()));
        return $"{name}.example";
    }

    internal Task<string> ServeAsync(bool direct, string annotations, WireBackend backend, bool http2) => ServeAsync(direct, annotations, [backend.Port], http2);

    /// <summary>Moves the clock second by second until something happens, and returns the time that it took.</summary>
    internal async Task<double> UntilAsync(Task happens, int maxSeconds = 400)
    {
        for (var seconds = 0; seconds < maxSeconds; seconds++)
        {
            // The proxy has a moment to notice, so that the result is not much later than the limit.
            if (await Task.WhenAny(happens, Task.Delay(10)) == happens)
            {
                await happens;
                return seconds;
            }

            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        throw new TimeoutException($"nothing happened within {maxSeconds} s");
    }
}
