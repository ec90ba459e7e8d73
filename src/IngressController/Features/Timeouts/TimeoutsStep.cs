using System.Globalization;
using IngressController.Exchanges;
using IngressController.Pipeline;
using IngressController.Routing.Features.Timeouts;

namespace IngressController.Features.Timeouts;

/// <summary>proxy-connect-timeout, proxy-read-timeout and others: sets the time limits of the request, if one is not the default.</summary>
internal sealed class TimeoutsStep(TimeoutPolicy policy) : RequestStep
{
    private readonly TimeLimits _limits = new TimeLimits(policy.Connect, policy.Read, policy.Send) { PerTry = policy.PerTry, Total = policy.Request }
        .WithStreams(policy.StreamIdle);

    public override string Name => "time limits";

    public static RequestStep? Create(PlanContext context) => context.Policy<TimeoutPolicy>() is { } policy ? new TimeoutsStep(policy) : null;

    public override string Describe(Revision revision)
    {
        string[] parts =
        [
            $"connect {Text(policy.Connect)}", $"read {Text(policy.Read)}", $"send {Text(policy.Send)}",
            .. policy.StreamIdle is { } idle ? [$"idle streams {Text(idle)}"] : Array.Empty<string>(),
            .. policy.PerTry is { } perTry ? [$"each attempt {Text(perTry)}"] : Array.Empty<string>(),
            .. policy.Request is { } total ? [$"in total {Text(total)}"] : Array.Empty<string>(),
        ];
        return string.Join(", ", parts);
    }

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        request.Limits = _limits;
        return ValueTask.FromResult(true);
    }

    private static string Text(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
