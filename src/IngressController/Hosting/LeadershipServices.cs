using IngressController.Configuration;
using IngressController.Events;
using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Metrics;
using IngressController.Routing.Translation;
using IngressController.Sources.Kubernetes;
using IngressController.Status;

namespace IngressController.Hosting;

/// <summary>The leader election, and what the leader writes back to the cluster.</summary>
internal static class LeadershipServices
{
    extension(IServiceCollection services)
    {
        /// <summary>After the source, which the works of the leader need until they have ended.</summary>
        public void AddLeadership(IngressOptions options, ReflectorTimings? timings)
        {
            services.AddSingleton<LeaderMetrics>();
            services.AddSingleton(provider => new LeaderState(
                $"{options.Pod.Name}_{Guid.NewGuid()}", provider.GetRequiredService<SourceLog>(), provider.GetRequiredService<LeaderMetrics>(),
                provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton<IMetricsSource>(provider => provider.GetRequiredService<LeaderState>());
            services.AddMetrics<StatusMetrics>();
            services.AddMetrics<EventMetrics>();
            // A folder has nobody to write to.
            if (options.Source.Manifests is not null)
                return;
            services.AddSingleton<LeaderClient>();
            services.AddSingleton<LeaderWorks>();
            services.AddSingleton(options);
            services.AddSingleton(timings ?? new ReflectorTimings());
            services.AddHostedService<LeaderElectionService>();
            if (options.Status.UpdateStatus)
                services.AddStatus();
            if (options.Status.EmitEvents)
                services.AddEvents(options);
        }

        private void AddStatus()
        {
            services.AddSingleton<NodeAddresses>();
            services.AddSingleton<StatusClient>();
            services.AddSingleton<StatusTargets>();
            services.AddSingleton<ILeaderWork, StatusWriter>();
        }

        private void AddEvents(IngressOptions options)
        {
            services.AddSingleton(new EventReporterIdentity(options.Translation.ControllerClass, options.Pod.Name));
            services.AddSingleton<EventWriter>();
            services.AddSingleton<ILeaderWork, EventReporter>();
        }
    }
}
