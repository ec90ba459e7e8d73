using System.Net.Sockets;
using IngressController.Kubernetes.Client;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Leasing;

/// <summary>An event of a candidate, for logs and metrics.</summary>
public abstract record LeaderNotice
{
    private LeaderNotice()
    {
    }

    /// <summary>The text for the log: one sentence.</summary>
    public abstract string Message { get; }

    /// <summary>This candidate has become the leader.</summary>
    public sealed record StartedLeading(string Lease) : LeaderNotice
    {
        public override string Message => $"started leading: holds the Lease {Lease}";
    }

    /// <summary>This candidate is no longer the leader; sent when its term ends, while its leader tasks are still ending.</summary>
    public sealed record StoppedLeading(string Reason) : LeaderNotice
    {
        public override string Message => $"stopped leading: {Reason}";
    }

    /// <summary>Another candidate leads; sent when the leader changes.</summary>
    public sealed record NewLeader(string Leader) : LeaderNotice
    {
        public override string Message => $"{Leader} is the leader";
    }

    /// <summary>The lease was released: another candidate can acquire it at once.</summary>
    public sealed record Released(string Lease) : LeaderNotice
    {
        public override string Message => $"released the Lease {Lease}";
    }

    /// <summary>The Lease can be read and written again.</summary>
    public sealed record Recovered(string Lease) : LeaderNotice
    {
        public override string Message => $"the Lease {Lease} can be read and written";
    }

    /// <summary>A request failed.</summary>
    /// <param name="Lease">The Lease, as NAMESPACE/NAME.</param>
    /// <param name="Action">The failed action, such as <c>renew</c>.</param>
    /// <param name="Error">The exception of the request.</param>
    /// <param name="RetryIn">The time until the next attempt; null for none.</param>
    public sealed record Failed(string Lease, string Action, Exception Error, TimeSpan? RetryIn) : LeaderNotice
    {
        public override string Message =>
            $"cannot {Action} the Lease {Lease}: {Reason}{(RetryIn is { } delay ? $"; next attempt in {delay.TotalSeconds:0.#} s" : "")}";

        /// <summary>The reason and the remedy.</summary>
        public string Reason => ApiFailure.Reason(
            Error, $"the verbs get, create and patch on leases.coordination.k8s.io in namespace {Lease[..Lease.IndexOf('/')]}");

        /// <summary>
        /// Identifies the cause, with the same text each time; for a failure of the API server as a whole, the same as for a watch.
        /// </summary>
        public string Cause => Error switch
        {
            ApiServerException response => $"{(int)response.StatusCode} {response.Reason}{(response.IsServerError ? "" : " lease")}",
            HttpRequestException or KubeConfigException => Reason,
            IOException or SocketException or TimeoutException => Error.GetType().Name,
            _ => $"{Error.GetType().Name} lease",
        };
    }
}
