using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Fakes;

/// <content>Faults, and conditions to wait for.</content>
public sealed partial class FakeApiServer
{
    private readonly List<Fault> _faults = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Fault(Func<FakeApiRequest, bool> when, int times, Func<HttpContext, Task> respond)
    {
        public Func<FakeApiRequest, bool> When { get; } = when;

        public int Times { get; set; } = times;

        public Func<HttpContext, Task> Respond { get; } = respond;
    }

    /// <summary>Every request, in order of arrival.</summary>
    public ImmutableList<FakeApiRequest> Requests { get; private set; } = [];

    /// <summary>Tokens that are accepted, all others get 401; null accepts any request.</summary>
    public ImmutableHashSet<string>? AcceptedTokens { get; set; }

    /// <summary>Resources that return 403, by plural name.</summary>
    public ImmutableHashSet<string> ForbiddenResources { get; set; } = [];

    /// <summary>If false, <c>sendInitialEvents</c> returns 422, as on servers without the feature.</summary>
    public bool SupportsWatchList { get; set; } = true;

    /// <summary>If false, the bookmark that ends the initial events is not sent.</summary>
    public bool EndsInitialEvents { get; set; } = true;

    /// <summary>If true, lists of version "0" have one page, as those of the watch cache.</summary>
    public bool ListsFromCache { get; set; } = true;

    /// <summary>If true, a watch of an expired version gets HTTP 410, otherwise an ERROR event; real servers do both.</summary>
    public bool ExpiresByStatusCode { get; set; }

    /// <summary>Size of the pieces of bodies in bytes; null for whole bodies.</summary>
    public int? PieceSize { get; set; }

    /// <summary>Minimum length in bytes of lists that are compressed for clients that accept it.</summary>
    public int GzipThreshold { get; set; } = 128 * 1024;

    /// <summary>Answers the next matching requests with a Status.</summary>
    public void Fail(
        Func<FakeApiRequest, bool> when, int code, string reason, int times = 1, string? message = null, int? retryAfterSeconds = null) =>
        Intercept(when, context =>
        {
            if (retryAfterSeconds is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return WriteStatusAsync(context, Status(code, reason, message ?? $"fault {code}"));
        }, times);

    /// <summary>Answers the next matching requests with a delegate; the latest fault takes precedence.</summary>
    public void Intercept(Func<FakeApiRequest, bool> when, Func<HttpContext, Task> respond, int times = 1)
    {
        lock (_lock)
            _faults.Insert(0, new Fault(when, times, respond));
    }

    /// <summary>Answers the next matching requests normally, but only after the task has completed.</summary>
    public void Hold(Func<FakeApiRequest, bool> when, Task until, int times = 1) => Intercept(when, async context =>
    {
        await until;
        await RespondAsync(context, FakeApiRequest.From(context));
    }, times);

    /// <summary>Ends all faults of <see cref="Fail"/> and <see cref="Intercept"/>.</summary>
    public void Heal()
    {
        lock (_lock)
            _faults.Clear();
    }

    /// <summary>Completes when the condition holds; it is checked after each request, response and start of a watch.</summary>
    public async Task UntilAsync(Func<FakeApiServer, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            Task changed;
            lock (_lock)
                changed = _changed.Task;
            if (condition(this))
                return;
            await changed.WaitAsync(limit.Token);
        }
    }

    private Func<HttpContext, Task>? TakeFault(FakeApiRequest request)
    {
        lock (_lock)
        {
            if (_faults.Find(fault => fault.Times > 0 && fault.When(request)) is not { } found)
                return null;
            found.Times--;
            return found.Respond;
        }
    }

    private void Changed()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    private static JsonObject Status(int code, string reason, string message) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = message,
        ["reason"] = reason,
        ["code"] = code,
    };

    private Task WriteStatusAsync(HttpContext context, JsonObject status)
    {
        context.Response.StatusCode = status["code"]!.GetValue<int>();
        return WriteJsonAsync(context, status);
    }
}
