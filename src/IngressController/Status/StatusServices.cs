using IngressController.Configuration;
using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Observability;

namespace IngressController.Status;

/// <summary>How the parts of this folder are put together.</summary>
internal static class StatusServices
{
    extension(IServiceCollection services)
    {
        public void AddStatus(IngressOptions options, ReflectorTimings? timings)
        {
            services.AddSingleton<StatusMetrics>();
            // A folder has nobody to write to.
            if (!options.Status.UpdateStatus || options.Source.Manifests is not null)
                return;
            services.AddSingleton(options);
            services.AddSingleton(timings ?? new ReflectorTimings());
            services.AddSingleton<NodeAddresses>();
            services.AddSingleton<StatusTargets>();
            services.AddSingleton<StatusClient>();
            services.AddSingleton<ILeaderWork, StatusWriter>();
        }
    }
}
